// SPDX-License-Identifier: Apache-2.0
//! What a guest asks of the hypervisor.

use crate::{Pages, Priority};

/// A domain, `domid_t` of xen.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DomainId(pub u16);

impl DomainId {
    /// The control domain.
    pub const ZERO: DomainId = DomainId(0);
    /// `DOMID_SELF`.
    pub const SELF: DomainId = DomainId(0x7ff0);
}

/// An event channel of this domain, `evtchn_port_t`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(transparent)]
pub struct EventPort(pub u32);

/// An entry of a domain's grant table, `grant_ref_t`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GrantReference(pub u32);

/// What unmapping a grant takes, `grant_handle_t`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GrantHandle(pub u32);

/// One end of a copy that the hypervisor makes.
#[derive(Clone, Copy, Debug)]
pub enum CopyEnd<'p> {
    /// A frame of this domain's: that of index `at` of `pages`.
    Own {
        /// The frames.
        pages: &'p Pages,
        /// Which of them.
        at: usize,
    },
    /// A frame that another domain granted to this one.
    Granted {
        /// That domain.
        owner: DomainId,
        /// Its grant.
        reference: GrantReference,
    },
}

/// A copy from frame to frame, of which it leaves neither, `struct gnttab_copy` of grant_table.h.
#[derive(Clone, Copy, Debug)]
pub struct FrameCopy<'p> {
    /// Where it is read.
    pub from: CopyEnd<'p>,
    /// From which byte of the frame on.
    pub from_offset: u16,
    /// Where it is written.
    pub to: CopyEnd<'p>,
    /// From which byte of the frame on.
    pub to_offset: u16,
    /// How many bytes.
    pub bytes: u16,
}

/// Why the hypervisor refused: a number of errno.h, positive; for grants the negated `GNTST_…` status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errno(pub i64);

/// A virtual interrupt, `VIRQ_…` of xen.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum VirtualInterrupt {
    /// The timer that [`Hypercalls::set_timer`] arms.
    Timer = 0,
}

/// What [`Hypercalls::add_to_physmap`] puts into the guest's memory, `XENMAPSPACE_…` of memory.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum MapSpace {
    /// The page that guest and hypervisor share.
    SharedInfo = 0,
    /// A page of the grant table.
    GrantTable = 1,
}

/// Why a domain ends, `SHUTDOWN_…` of sched.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum ShutdownReason {
    /// It is done.
    PowerOff = 0,
    /// It wants to begin anew.
    Reboot = 1,
    /// It failed.
    Crash = 3,
}

/// The hypercalls that the protocols here need, by type. The machine makes them; a test fakes them.
///
/// Each gives the hypervisor's refusal as an [`Errno`]. None waits.
pub trait Hypercalls {
    /// Makes an event channel that `remote` may bind: `EVTCHNOP_alloc_unbound`.
    fn alloc_unbound(&self, remote: DomainId) -> Result<EventPort, Errno>;
    /// Binds to the channel that `remote` offers: `EVTCHNOP_bind_interdomain`.
    fn bind_interdomain(&self, remote: DomainId, port: EventPort) -> Result<EventPort, Errno>;
    /// Makes an event channel of a virtual interrupt: `EVTCHNOP_bind_virq`, processor 0.
    fn bind_virtual_interrupt(&self, interrupt: VirtualInterrupt) -> Result<EventPort, Errno>;
    /// Closes an event channel: `EVTCHNOP_close`.
    fn close(&self, port: EventPort) -> Result<(), Errno>;
    /// Tells the other end: `EVTCHNOP_send`.
    fn send(&self, port: EventPort) -> Result<(), Errno>;
    /// Has events told by queues whose control block is in `control`, a page: `EVTCHNOP_init_control`, processor 0.
    fn init_control(&self, control: &Pages) -> Result<(), Errno>;
    /// Adds frame `at` of `array` to those that hold the words of channels: `EVTCHNOP_expand_array`.
    fn expand_array(&self, array: &Pages, at: usize) -> Result<(), Errno>;
    /// Chooses the queue of a channel: `EVTCHNOP_set_priority`.
    fn set_priority(&self, port: EventPort, priority: Priority) -> Result<(), Errno>;

    /// Puts page `index` of the hypervisor's in place of frame `at` of `pages`: `XENMEM_add_to_physmap`.
    fn add_to_physmap(&self, space: MapSpace, index: u64, pages: &Pages, at: usize) -> Result<(), Errno>;
    /// Most pages that the grant table may have: `GNTTABOP_query_size`.
    fn max_grant_frames(&self) -> Result<u32, Errno>;
    /// Maps the frames that `owner` granted in place of those of `pages`, one by one, writable: `GNTTABOP_map_grant_ref`. What
    /// comes back is the frames as they are now; the handles that unmapping takes go to `handles`. All or none are mapped.
    fn map_grants(
        &self,
        owner: DomainId,
        references: &[GrantReference],
        pages: Pages,
        handles: &mut [GrantHandle],
    ) -> Result<Pages, (Errno, Pages)>;
    /// Takes back what [`map_grants`](Self::map_grants) did: `GNTTABOP_unmap_grant_ref`. The frames that come back hold nothing
    /// until something is mapped there again.
    fn unmap_grants(&self, pages: Pages, handles: &[GrantHandle]) -> Pages;
    /// Copies between frames that need not be mapped, one after the other, and says what became of each: `GNTTABOP_copy`. An error is one of
    /// the call; then some may have been made.
    fn copy(&self, copies: &[FrameCopy<'_>], results: &mut [Result<(), Errno>]) -> Result<(), Errno>;

    /// Reads a parameter of this domain, `HVM_PARAM_…` of hvm/params.h: `HVMOP_get_param`.
    fn hvm_parameter(&self, index: u32) -> Result<u64, Errno>;
    /// Has the processor take interrupt `vector` while an event is pending, with no interrupt controller between:
    /// `HVM_PARAM_CALLBACK_IRQ` of type vector, hvm/params.h.
    fn set_upcall_vector(&self, vector: u8) -> Result<(), Errno>;
    /// How long the processor has run so far, and was not kept waiting by others: `VCPUOP_get_runstate_info`.
    fn running_ns(&self) -> Result<u64, Errno>;
    /// Arms the one timer, for a moment of Xen's system time in ns: `VCPUOP_set_singleshot_timer`.
    fn set_timer(&self, at_ns: u64) -> Result<(), Errno>;
    /// Stops the processor until one of `ports` is pending, or it is `until_ns` of Xen's system time: `SCHEDOP_poll`. It may return
    /// earlier.
    fn sleep(&self, ports: &[EventPort], until_ns: Option<u64>);
    /// Lets others run: `SCHEDOP_yield`.
    fn yield_now(&self);
    /// Ends the domain: `SCHEDOP_shutdown`. Returns only where there is no hypervisor.
    fn shutdown(&self, reason: ShutdownReason);
}
