// SPDX-License-Identifier: Apache-2.0
//! Hypercalls in instructions: number in RAX, arguments in RDI, RSI, RDX, R10, result in RAX (xen/include/public/arch-x86/xen-x86_64.h),
//! through the processor's own gate. Structures are laid out as the public headers do; each names its own.
#![allow(unsafe_code)]

mod grants;

use core::arch::asm;
use core::sync::atomic::{AtomicU8, Ordering};
use xen_glue::{
    DomainId, Errno, EventPort, FrameCopy, Gate, GrantHandle, GrantReference, Hypercalls, MapSpace, Pages, Priority,
    ShutdownReason, VirtualInterrupt,
};

/// Numbers of hypercalls, `__HYPERVISOR_…` of xen.h, and of their operations.
const MEMORY_OP: u64 = 12;
const GRANT_TABLE_OP: u64 = 20;
const VCPU_OP: u64 = 24;
const SCHED_OP: u64 = 29;
const EVENT_CHANNEL_OP: u64 = 32;
const HVM_OP: u64 = 34;
const XENMEM_ADD_TO_PHYSMAP: u64 = 7;
const VCPUOP_GET_RUNSTATE_INFO: u64 = 4;
const VCPUOP_SET_SINGLESHOT_TIMER: u64 = 8;
const SCHEDOP_YIELD: u64 = 0;
const SCHEDOP_SHUTDOWN: u64 = 2;
const SCHEDOP_POLL: u64 = 3;
const EVTCHNOP_BIND_INTERDOMAIN: u64 = 0;
const EVTCHNOP_BIND_VIRQ: u64 = 1;
const EVTCHNOP_CLOSE: u64 = 3;
const EVTCHNOP_SEND: u64 = 4;
const EVTCHNOP_ALLOC_UNBOUND: u64 = 6;
const EVTCHNOP_INIT_CONTROL: u64 = 11;
const EVTCHNOP_EXPAND_ARRAY: u64 = 12;
const EVTCHNOP_SET_PRIORITY: u64 = 13;
const HVMOP_SET_PARAM: u64 = 0;
const HVMOP_GET_PARAM: u64 = 1;

/// `HVM_PARAM_CALLBACK_IRQ`, and its value's kind: a vector (`HVM_PARAM_CALLBACK_TYPE_VECTOR`), hvm/params.h.
const CALLBACK_IRQ: u32 = 0;
const CALLBACK_TYPE_VECTOR: u64 = 2 << 56;

/// [`Calls`], kept for the log and the end of the domain: 0 where there is no Xen.
static GATE: AtomicU8 = AtomicU8::new(0);

/// The hypercalls of this machine, which exist only if Xen is below.
#[derive(Clone, Copy)]
pub struct Calls {
    gate: Gate,
}

impl Calls {
    /// The hypercalls through `gate`, which [`get`](Self::get) gives from now on.
    pub fn begin(gate: Gate) -> Calls {
        GATE.store(1 + gate as u8, Ordering::Relaxed);
        Calls { gate }
    }

    /// Those that [`begin`](Self::begin) began, if Xen is below.
    pub fn get() -> Option<Calls> {
        match GATE.load(Ordering::Relaxed) {
            0 => None,
            gate => Some(Calls { gate: if gate == 1 + Gate::Vmcall as u8 { Gate::Vmcall } else { Gate::Vmmcall } }),
        }
    }

    /// Makes hypercall `number` with an operation and its structure.
    fn operation<T>(self, number: u64, operation: u64, argument: &mut T) -> Result<(), Errno> {
        // SAFETY: the callers pass the structure that the operation reads and writes, and the operations that they name touch
        // no other memory that Rust knows of.
        let result = unsafe { self.call(number, operation, (&raw mut *argument).expose_provenance() as u64, 0) };
        if result < 0 { Err(Errno(-result)) } else { Ok(()) }
    }

    /// # Safety
    /// The call does to memory only what its caller knows of.
    #[inline(never)]
    unsafe fn call(self, number: u64, first: u64, second: u64, third: u64) -> i64 {
        let result;
        // SAFETY: the caller's promise. Xen keeps all registers but those of arguments and result.
        unsafe {
            match self.gate {
                Gate::Vmcall => asm!("vmcall", inlateout("rax") number => result, inlateout("rdi") first => _,
                    inlateout("rsi") second => _, inlateout("rdx") third => _, options(nostack)),
                Gate::Vmmcall => asm!("vmmcall", inlateout("rax") number => result, inlateout("rdi") first => _,
                    inlateout("rsi") second => _, inlateout("rdx") third => _, options(nostack)),
            }
        }
        result
    }
}

/// `struct xen_add_to_physmap`, memory.h.
#[repr(C)]
struct AddToPhysmap {
    domain: u16,
    size: u16,
    space: u32,
    index: u64,
    frame: u64,
}

/// `struct xen_hvm_param`, hvm/hvm_op.h.
#[repr(C)]
struct HvmParam {
    domain: u16,
    index: u32,
    value: u64,
}

const _: () = assert!(size_of::<AddToPhysmap>() == 24 && size_of::<HvmParam>() == 16);
const SELF: u16 = DomainId::SELF.0;

impl Hypercalls for Calls {
    fn alloc_unbound(&self, remote: DomainId) -> Result<EventPort, Errno> {
        /// `struct evtchn_alloc_unbound`, event_channel.h.
        #[repr(C)]
        struct AllocUnbound(u16, u16, u32);
        let mut argument = AllocUnbound(SELF, remote.0, 0);
        self.operation(EVENT_CHANNEL_OP, EVTCHNOP_ALLOC_UNBOUND, &mut argument)?;
        Ok(EventPort(argument.2))
    }

    fn bind_interdomain(&self, remote: DomainId, port: EventPort) -> Result<EventPort, Errno> {
        /// `struct evtchn_bind_interdomain`, event_channel.h.
        #[repr(C)]
        struct BindInterdomain(u16, u32, u32);
        let mut argument = BindInterdomain(remote.0, port.0, 0);
        self.operation(EVENT_CHANNEL_OP, EVTCHNOP_BIND_INTERDOMAIN, &mut argument)?;
        Ok(EventPort(argument.2))
    }

    fn bind_virtual_interrupt(&self, interrupt: VirtualInterrupt) -> Result<EventPort, Errno> {
        // `struct evtchn_bind_virq`, event_channel.h: interrupt, processor, port.
        let mut argument = [interrupt as u32, 0, 0];
        self.operation(EVENT_CHANNEL_OP, EVTCHNOP_BIND_VIRQ, &mut argument)?;
        Ok(EventPort(argument[2]))
    }

    fn close(&self, port: EventPort) -> Result<(), Errno> {
        self.operation(EVENT_CHANNEL_OP, EVTCHNOP_CLOSE, &mut { port.0 })
    }

    fn send(&self, port: EventPort) -> Result<(), Errno> {
        self.operation(EVENT_CHANNEL_OP, EVTCHNOP_SEND, &mut { port.0 })
    }

    fn init_control(&self, control: &Pages) -> Result<(), Errno> {
        /// `struct evtchn_init_control`, event_channel.h: frame, offset in it, processor; out: how long links are.
        #[repr(C)]
        struct InitControl(u64, u32, u32, u8, [u8; 7]);
        let mut argument = InitControl(control.frame(), 0, 0, 0, [0; 7]);
        self.operation(EVENT_CHANNEL_OP, EVTCHNOP_INIT_CONTROL, &mut argument)
    }

    fn expand_array(&self, array: &Pages, at: usize) -> Result<(), Errno> {
        assert!(at < array.count(), "only frames of the pages are used");
        self.operation(EVENT_CHANNEL_OP, EVTCHNOP_EXPAND_ARRAY, &mut { array.frame() + at as u64 })
    }

    fn set_priority(&self, port: EventPort, priority: Priority) -> Result<(), Errno> {
        self.operation(EVENT_CHANNEL_OP, EVTCHNOP_SET_PRIORITY, &mut [port.0, priority.number()])
    }

    fn add_to_physmap(&self, space: MapSpace, index: u64, pages: &Pages, at: usize) -> Result<(), Errno> {
        assert!(at < pages.count(), "only frames of the pages are replaced");
        let frame = pages.frame() + at as u64;
        let mut argument = AddToPhysmap { domain: SELF, size: 0, space: space as u32, index, frame };
        self.operation(MEMORY_OP, XENMEM_ADD_TO_PHYSMAP, &mut argument)
    }

    fn max_grant_frames(&self) -> Result<u32, Errno> {
        self.query_grant_frames()
    }

    fn map_grants(
        &self,
        owner: DomainId,
        references: &[GrantReference],
        pages: Pages,
        handles: &mut [GrantHandle],
    ) -> Result<Pages, (Errno, Pages)> {
        assert!(references.len() == pages.count() && references.len() == handles.len(), "a frame for each grant");
        match self.map(owner, references, &pages, handles) {
            Ok(()) => Ok(pages),
            Err(refused) => {
                self.unmap(&pages, handles);
                Err((refused, pages))
            }
        }
    }

    fn unmap_grants(&self, pages: Pages, handles: &[GrantHandle]) -> Pages {
        self.unmap(&pages, handles);
        pages
    }

    fn copy(&self, copies: &[FrameCopy<'_>], results: &mut [Result<(), Errno>]) -> Result<(), Errno> {
        assert!(copies.len() == results.len(), "a result for each copy");
        self.copy_frames(copies, results)
    }

    fn hvm_parameter(&self, index: u32) -> Result<u64, Errno> {
        let mut argument = HvmParam { domain: SELF, index, value: 0 };
        self.operation(HVM_OP, HVMOP_GET_PARAM, &mut argument)?;
        Ok(argument.value)
    }

    fn set_upcall_vector(&self, vector: u8) -> Result<(), Errno> {
        let value = CALLBACK_TYPE_VECTOR | u64::from(vector);
        self.operation(HVM_OP, HVMOP_SET_PARAM, &mut HvmParam { domain: SELF, index: CALLBACK_IRQ, value })
    }

    fn running_ns(&self) -> Result<u64, Errno> {
        // `struct vcpu_runstate_info`, vcpu.h: state, when it began, and the time in each, of which the first is running.
        let mut info = [0_u64; 6];
        self.vcpu_operation(VCPUOP_GET_RUNSTATE_INFO, &mut info).map(|()| info[2])
    }

    fn set_timer(&self, at_ns: u64) -> Result<(), Errno> {
        /// `struct vcpu_set_singleshot_timer`, vcpu.h.
        #[repr(C)]
        struct SetSingleshotTimer(u64, u32);
        self.vcpu_operation(VCPUOP_SET_SINGLESHOT_TIMER, &mut SetSingleshotTimer(at_ns, 0))
    }

    fn sleep(&self, ports: &[EventPort], until_ns: Option<u64>) {
        /// `struct sched_poll`, sched.h: no time is 0.
        #[repr(C)]
        struct Poll(u64, u32, u64);
        let mut argument =
            Poll(ports.as_ptr().expose_provenance() as u64, ports.len() as u32, until_ns.map_or(0, |ns| ns.max(1)));
        // What is refused is a sleep that did not take place.
        let _ = self.operation(SCHED_OP, SCHEDOP_POLL, &mut argument);
    }

    fn yield_now(&self) {
        // SAFETY: has no effect on memory.
        unsafe { self.call(SCHED_OP, SCHEDOP_YIELD, 0, 0) };
    }

    fn shutdown(&self, reason: ShutdownReason) {
        // `struct sched_shutdown`, sched.h. What is refused leaves the domain running: the caller stops the processor.
        let _ = self.operation(SCHED_OP, SCHEDOP_SHUTDOWN, &mut { reason as u32 });
    }
}

impl Calls {
    /// An operation on processor 0.
    fn vcpu_operation<T>(self, operation: u64, argument: &mut T) -> Result<(), Errno> {
        // SAFETY: as in `operation`.
        let result = unsafe { self.call(VCPU_OP, operation, 0, (&raw mut *argument).expose_provenance() as u64) };
        if result < 0 { Err(Errno(-result)) } else { Ok(()) }
    }
}
