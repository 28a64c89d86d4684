// SPDX-License-Identifier: Apache-2.0
//! The shared-memory link between two network functions.
//!
//! A **link** is a region of memory that two ends, [`End::A`] and [`End::B`], share: a header page and one ring for each
//! direction. Whoever owns the memory (a host, a test) formats it once with [`Region::format`]; each end opens it with
//! [`Region::open`] and takes its side of both rings with [`Region::attach`]. Everything in a region is a word or an offset:
//! it may lie at another address in each end.
//!
//! ```
//! use ring::{AtomicU64, End, Region, Shape, Tag};
//!
//! let memory: Vec<AtomicU64> = (0..Shape::COPY.words()).map(|_| AtomicU64::new(0)).collect();
//! let region = Region::format(&memory, Shape::COPY)?;
//! region.set_presence(End::A, true); // The host's part, before each end may run.
//! region.set_presence(End::B, true);
//!
//! let mut a = Region::open(&memory)?.attach(End::A);
//! let mut b = Region::open(&memory)?.attach(End::B);
//! if a.peer().is_up() && a.producer.room(1) > 0 {
//!     let _ = a.producer.put(Tag { chain: 3, flow_hash: 0xfeed }, b"a frame");
//!     a.producer.publish(); // Once for all frames of a burst.
//! }
//! if a.wakeup_needed() { /* ring b's doorbell */ }
//!
//! let mut buffer = [0; 2048];
//! while let Some(frame) = b.consumer.take(&mut buffer) {
//!     assert_eq!(&buffer[..frame.length], b"a frame");
//! }
//! b.consumer.release(); // Once for all frames of a burst.
//! if b.wakeup_needed() { /* ring a's doorbell */ }
//! # Ok::<(), ring::RegionError>(())
//! ```
//!
//! That is copy mode: the peer never sees memory other than the frames. Ends that trust each other can share the buffers that
//! frames lie in instead: [`SharedRegion`], [`SharedLink`].
//!
//! # Sleeping
//! An end that has nothing to do calls [`Link::arm`]; if that says true it may sleep until its doorbell rings, else there is
//! something to do already. When it is awake again it calls [`Link::disarm`] and polls. The other end's
//! [`Link::wakeup_needed`], called after each publish and release, says true only if this end sleeps and waits for just that.
//!
//! # Coming and going
//! The host keeps one presence word for each end: even = down, odd = up, one more at each change. It sets an end up before that
//! end can run, and down when it is gone; it then rings the survivor's doorbell. [`Link::peer`] is up when the host says so *and*
//! that same incarnation of the peer has attached. There is no handshake: an end that attaches takes its rings up where the
//! indices in the region stand. What was published to its predecessor and not released is skipped and counted
//! ([`Statistics::lost`]): part of it may have been acted on.
//!
//! # A hostile peer
//! All words of a region can be rewritten by the peer at any time. What an end knows by itself it keeps in its own memory; what
//! it reads it reads once, checks, then uses. An index that is further ahead than the ring is long, or behind, is counted
//! ([`Statistics::bad_indices`]) and both sides' indices meet again; a length that cannot be is counted
//! ([`Statistics::bad_descriptors`]) and all that is in the ring skipped, because nothing else says where the next frame begins. Frames that a peer rewrites while they are copied out come out
//! torn: their content is the peer's word in any case. Nothing that a peer does makes a call here panic or wait.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

mod bytes;
mod consumer;
mod custody;
mod descriptor;
mod indices;
mod link;
#[cfg(all(test, loom))]
mod models;
mod presence;
mod producer;
mod region;
mod shape;
mod shared;
mod statistics;
mod sync;

pub use consumer::{Consumer, Frame};
pub use descriptor::{FRAME_BYTES, Tag};
pub use link::Link;
pub use presence::Peer;
pub use producer::{Producer, Refused};
pub use region::{HEADER_BYTES, Region, SharedRegion, presence_offset};
pub use shape::{BUFFER_WORDS, End, MAX_BUFFERS, MAX_SLOTS, MIN_BUFFERS, MIN_SLOTS, Mode, RegionError, Shape};
pub use shared::{Buffer, SharedFrame, SharedLink};
pub use statistics::{Observer, Statistics};
pub use sync::AtomicU64;
