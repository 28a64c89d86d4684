// SPDX-License-Identifier: Apache-2.0
//! Messages and the ring that carries them: io/xs_wire.h, docs/misc/xenstore-ring.txt.

use crate::Pages;
use crate::bytes;
use core::sync::atomic::{AtomicU32, Ordering};

/// Most bytes of a message behind its header, `XENSTORE_PAYLOAD_MAX`.
pub const PAYLOAD_MAX: usize = 4096;
/// Most bytes of a path that begins with a slash, `XENSTORE_ABS_PATH_MAX`.
pub const ABSOLUTE_PATH_MAX: usize = 3072;
/// Most bytes of any other path, `XENSTORE_REL_PATH_MAX`.
pub const RELATIVE_PATH_MAX: usize = 2048;
/// Bytes of `struct xsd_sockmsg`.
pub const HEADER_BYTES: usize = 16;

/// Declares the messages that are used, `enum xsd_sockmsg_type`.
macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $number:literal,)*) => {
        /// What a message is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind {
            $($(#[$doc])* $name,)*
            /// Another one.
            Unknown(u32),
        }

        impl From<u32> for Kind {
            fn from(number: u32) -> Kind {
                match number {
                    $($number => Kind::$name,)*
                    unknown => Kind::Unknown(unknown),
                }
            }
        }

        impl From<Kind> for u32 {
            fn from(kind: Kind) -> u32 {
                match kind {
                    $(Kind::$name => $number,)*
                    Kind::Unknown(number) => number,
                }
            }
        }
    };
}

kinds! {
    /// The names of a path's children.
    Directory = 1,
    /// A path's value.
    Read = 2,
    /// Who may do what with a path.
    GetPermissions = 3,
    /// Tell of changes.
    Watch = 4,
    /// Tell no more.
    Unwatch = 5,
    /// Begin a transaction.
    TransactionStart = 6,
    /// End it.
    TransactionEnd = 7,
    /// The path of a domain.
    GetDomainPath = 10,
    /// Set a path's value.
    Write = 11,
    /// Make a path.
    MakeDirectory = 12,
    /// Remove a path and all below it.
    Remove = 13,
    /// Say who may do what with a path.
    SetPermissions = 14,
    /// A change, sent unasked.
    WatchEvent = 15,
    /// A request was refused.
    Error = 16,
}

/// `struct xsd_sockmsg`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What the message is.
    pub kind: Kind,
    /// The request that this is, or answers; 0 if none.
    pub request: u32,
    /// The transaction that it belongs to; 0 if none.
    pub transaction: u32,
    /// Bytes that follow.
    pub length: u32,
}

impl Header {
    /// As it is sent.
    pub fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        let (fields, _) = bytes.as_chunks_mut::<4>();
        for (field, value) in fields.iter_mut().zip([self.kind.into(), self.request, self.transaction, self.length]) {
            *field = value.to_le_bytes();
        }
        bytes
    }

    /// As it came.
    pub fn from_bytes(bytes: &[u8; HEADER_BYTES]) -> Header {
        let field = |index: usize| u32::from_le_bytes(core::array::from_fn(|byte| bytes[index * 4 + byte]));
        Header { kind: field(0).into(), request: field(1), transaction: field(2), length: field(3) }
    }
}

/// Bytes of each half of the ring, `XENSTORE_RING_SIZE`.
const RING_BYTES: u32 = 1024;
/// Words of `struct xenstore_domain_interface` behind the two halves.
const REQ_CONS: usize = 2 * RING_BYTES as usize / 4;
const REQ_PROD: usize = REQ_CONS + 1;
const RSP_CONS: usize = REQ_CONS + 2;
const RSP_PROD: usize = REQ_CONS + 3;
const SERVER_FEATURES: usize = REQ_CONS + 4;
const CONNECTION: usize = REQ_CONS + 5;
const ERROR: usize = REQ_CONS + 6;
/// `XENSTORE_SERVER_FEATURE_RECONNECTION`, `XENSTORE_SERVER_FEATURE_ERROR`
const FEATURE_RECONNECTION: u32 = 1;
const FEATURE_ERROR: u32 = 2;
/// `XENSTORE_RECONNECT`
const RECONNECT: u32 = 1;

/// The server's index is where it cannot be, or the server says that it has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken;

/// One side's view of the ring: where it writes bytes and where it reads them. The guest's indices are kept here: what is in the
/// page is for the server.
pub struct Ring {
    page: Pages,
    /// Index of the next byte to write, to read.
    written: u32,
    read: u32,
    /// The server has something to do that it has not been told of.
    untold: bool,
}

impl Ring {
    /// Takes the ring up where it stands.
    pub fn new(page: Pages) -> Ring {
        let mut ring = Ring { page, written: 0, read: 0, untold: false };
        ring.take_up();
        ring
    }

    /// Goes on from where the server's indices stand: what it has not read and what we have not is lost.
    pub fn take_up(&mut self) {
        self.written = self.word(REQ_CONS).load(Ordering::Acquire);
        self.read = self.word(RSP_PROD).load(Ordering::Acquire);
        self.word(REQ_PROD).store(self.written, Ordering::Release);
        self.word(RSP_CONS).store(self.read, Ordering::Release);
        self.untold = true;
    }

    fn word(&self, index: usize) -> &'static AtomicU32 {
        &self.page.words()[index]
    }

    /// Writes as many of `bytes` as there is room for, and says how many.
    pub fn write(&mut self, bytes: &[u8]) -> Result<usize, Broken> {
        let used = self.written.wrapping_sub(self.word(REQ_CONS).load(Ordering::Acquire));
        let room = RING_BYTES.checked_sub(used).ok_or(Broken)?;
        let taken = bytes.len().min(room as usize);
        if taken == 0 {
            return Ok(0);
        }
        let place = (self.written % RING_BYTES) as usize;
        let (first, second) = bytes[..taken].split_at(taken.min(RING_BYTES as usize - place));
        bytes::store(self.page.long_words(), place, first);
        bytes::store(self.page.long_words(), 0, second);
        self.written = self.written.wrapping_add(taken as u32);
        // Release: the bytes are written before the server sees that they are there.
        self.word(REQ_PROD).store(self.written, Ordering::Release);
        self.untold = true;
        Ok(taken)
    }

    /// Reads as many bytes as there are and fit, and says how many.
    pub fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Broken> {
        // Acquire: the bytes are read after the server has said that they are there.
        let there = self.word(RSP_PROD).load(Ordering::Acquire).wrapping_sub(self.read);
        if there > RING_BYTES {
            return Err(Broken);
        }
        let taken = bytes.len().min(there as usize);
        if taken == 0 {
            return Ok(0);
        }
        let place = (self.read % RING_BYTES) as usize;
        let (first, second) = bytes[..taken].split_at_mut(taken.min(RING_BYTES as usize - place));
        bytes::load(self.page.long_words(), RING_BYTES as usize + place, first);
        bytes::load(self.page.long_words(), RING_BYTES as usize, second);
        self.read = self.read.wrapping_add(taken as u32);
        // Release: the bytes are read before the server writes there again.
        self.word(RSP_CONS).store(self.read, Ordering::Release);
        // A server that found no room waits for some; one that found some does not.
        self.untold |= there == RING_BYTES;
        Ok(taken)
    }

    /// Whether the server must be told, which is forgotten by this: of requests, of room in a ring that was full, or of a wish to begin
    /// anew.
    pub fn take_untold(&mut self) -> bool {
        core::mem::take(&mut self.untold)
    }

    /// Whether the server says that it has stopped.
    pub fn is_stopped(&self) -> bool {
        self.has(FEATURE_ERROR) && self.word(ERROR).load(Ordering::Relaxed) != 0
    }

    /// Whether a reconnection is under way: then nothing else of the page counts.
    pub fn is_reconnecting(&self) -> bool {
        // Acquire: what the server reset is read after this.
        self.has(FEATURE_RECONNECTION) && self.word(CONNECTION).load(Ordering::Acquire) == RECONNECT
    }

    /// Asks the server to begin anew. False if it cannot.
    pub fn reconnect(&mut self) -> bool {
        if !self.has(FEATURE_RECONNECTION) {
            return false;
        }
        // The server says why it stopped, but not that it goes on.
        self.word(ERROR).store(0, Ordering::Relaxed);
        self.word(CONNECTION).store(RECONNECT, Ordering::Release);
        self.untold = true;
        true
    }

    fn has(&self, feature: u32) -> bool {
        self.word(SERVER_FEATURES).load(Ordering::Relaxed) & feature != 0
    }
}
