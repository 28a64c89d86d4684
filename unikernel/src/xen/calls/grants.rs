// SPDX-License-Identifier: Apache-2.0
//! Grants of other domains: mapped, unmapped and copied, many in a call. Each structure has a status of its own.

use super::{Calls, GRANT_TABLE_OP, SELF};
use heapless::Vec;
use xen_glue::{CopyEnd, DomainId, Errno, FrameCopy, GrantHandle, GrantReference, PAGE_BYTES, Pages};

const GNTTABOP_MAP_GRANT_REF: u64 = 0;
const GNTTABOP_UNMAP_GRANT_REF: u64 = 1;
const GNTTABOP_COPY: u64 = 5;
const GNTTABOP_QUERY_SIZE: u64 = 6;
/// `GNTMAP_host_map`, grant_table.h.
const HOST_MAP: u32 = 1 << 1;
/// `GNTCOPY_source_gref`, `GNTCOPY_dest_gref`
const SOURCE_GRANTED: u16 = 1;
const DESTINATION_GRANTED: u16 = 2;
/// Structures of a call, which lie on the stack.
const AT_ONCE: usize = 16;
/// The handle of what is not mapped; the hypervisor gives none so high.
const UNMAPPED: GrantHandle = GrantHandle(u32::MAX);

/// `struct gnttab_map_grant_ref`, grant_table.h.
#[repr(C)]
struct MapGrantRef {
    host_paddr: u64,
    flags: u32,
    reference: u32,
    domain: u16,
    status: i16,
    handle: u32,
    bus_paddr: u64,
}

/// `struct gnttab_unmap_grant_ref`, grant_table.h.
#[repr(C)]
struct UnmapGrantRef {
    host_paddr: u64,
    bus_paddr: u64,
    handle: u32,
    status: i16,
}

/// An end of `struct gnttab_copy`, grant_table.h: a grant or a frame.
#[repr(C)]
struct End {
    what: u64,
    domain: u16,
    offset: u16,
}

/// `struct gnttab_copy`, grant_table.h.
#[repr(C)]
struct GnttabCopy {
    from: End,
    to: End,
    bytes: u16,
    flags: u16,
    status: i16,
}

/// `struct gnttab_query_size`, grant_table.h.
#[repr(C)]
struct QuerySize {
    domain: u16,
    frames: u32,
    max_frames: u32,
    status: i16,
}

const _: () = assert!(size_of::<MapGrantRef>() == 32 && size_of::<UnmapGrantRef>() == 24);
const _: () = assert!(size_of::<End>() == 16 && size_of::<GnttabCopy>() == 40 && size_of::<QuerySize>() == 16);

impl Calls {
    /// An operation on structures of the grant table.
    fn grant_operation<T>(self, operation: u64, arguments: &mut [T]) -> Result<(), Errno> {
        let (first, count) = (arguments.as_mut_ptr().expose_provenance() as u64, arguments.len() as u64);
        // SAFETY: as in `operation`; frames that a map puts in place, or a copy writes to, are seen as atomics only, see `Pages`.
        let result = unsafe { self.call(GRANT_TABLE_OP, operation, first, count) };
        if result < 0 { Err(Errno(-result)) } else { Ok(()) }
    }

    pub(super) fn query_grant_frames(self) -> Result<u32, Errno> {
        let mut arguments = [QuerySize { domain: SELF, frames: 0, max_frames: 0, status: 0 }];
        self.grant_operation(GNTTABOP_QUERY_SIZE, &mut arguments)?;
        let [QuerySize { max_frames, status, .. }] = arguments;
        granted(status).map(|()| max_frames)
    }

    /// Maps grants; where one is refused, why. What is mapped then still has to be unmapped.
    pub(super) fn map(
        self,
        owner: DomainId,
        references: &[GrantReference],
        pages: &Pages,
        handles: &mut [GrantHandle],
    ) -> Result<(), Errno> {
        handles.fill(UNMAPPED);
        let mut result = Ok(());
        for (batch, references) in references.chunks(AT_ONCE).enumerate() {
            let first = batch * AT_ONCE;
            let argument = |(index, &GrantReference(reference))| MapGrantRef {
                host_paddr: paddr(pages, first + index),
                flags: HOST_MAP,
                reference,
                domain: owner.0,
                status: 0,
                handle: 0,
                bus_paddr: 0,
            };
            let mut arguments: Vec<_, AT_ONCE> = references.iter().enumerate().map(argument).collect();
            self.grant_operation(GNTTABOP_MAP_GRANT_REF, &mut arguments)?;
            for (handle, argument) in handles[first..].iter_mut().zip(&arguments) {
                match granted(argument.status) {
                    Ok(()) => *handle = GrantHandle(argument.handle),
                    refused => result = refused,
                }
            }
        }
        result
    }

    pub(super) fn unmap(self, pages: &Pages, handles: &[GrantHandle]) {
        for (batch, handles) in handles.chunks(AT_ONCE).enumerate() {
            let argument = |(index, &GrantHandle(handle))| {
                let host_paddr = paddr(pages, batch * AT_ONCE + index);
                UnmapGrantRef { host_paddr, bus_paddr: 0, handle, status: 0 }
            };
            let mapped = handles.iter().enumerate().filter(|&(_, &handle)| handle != UNMAPPED);
            let mut arguments: Vec<_, AT_ONCE> = mapped.map(argument).collect();
            let done = self.grant_operation(GNTTABOP_UNMAP_GRANT_REF, &mut arguments);
            if done.is_err() || arguments.iter().any(|argument| argument.status < 0) {
                defmt::error!("a grant that was mapped cannot be unmapped");
            }
        }
    }

    pub(super) fn copy_frames(self, copies: &[FrameCopy<'_>], results: &mut [Result<(), Errno>]) -> Result<(), Errno> {
        for (copies, results) in copies.chunks(AT_ONCE).zip(results.chunks_mut(AT_ONCE)) {
            let mut arguments: Vec<_, AT_ONCE> = copies.iter().map(GnttabCopy::of).collect();
            self.grant_operation(GNTTABOP_COPY, &mut arguments)?;
            for (result, argument) in results.iter_mut().zip(&arguments) {
                *result = granted(argument.status);
            }
        }
        Ok(())
    }
}

impl GnttabCopy {
    fn of(copy: &FrameCopy<'_>) -> GnttabCopy {
        let flag = |end: &CopyEnd, flag| if let CopyEnd::Granted { .. } = end { flag } else { 0 };
        GnttabCopy {
            from: End::of(&copy.from, copy.from_offset),
            to: End::of(&copy.to, copy.to_offset),
            bytes: copy.bytes,
            flags: flag(&copy.from, SOURCE_GRANTED) | flag(&copy.to, DESTINATION_GRANTED),
            status: 0,
        }
    }
}

impl End {
    fn of(end: &CopyEnd<'_>, offset: u16) -> End {
        match *end {
            CopyEnd::Own { pages, at } => {
                assert!(at < pages.count(), "only frames of the pages are copied");
                End { what: pages.frame() + at as u64, domain: SELF, offset }
            }
            CopyEnd::Granted { owner, reference } => End { what: u64::from(reference.0), domain: owner.0, offset },
        }
    }
}

/// The physical address of a frame of `pages`.
fn paddr(pages: &Pages, index: usize) -> u64 {
    (pages.frame() + index as u64) * PAGE_BYTES as u64
}

/// What `GNTST_…` says.
fn granted(status: i16) -> Result<(), Errno> {
    if status < 0 { Err(Errno(-i64::from(status))) } else { Ok(()) }
}
