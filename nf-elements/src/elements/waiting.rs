// SPDX-License-Identifier: Apache-2.0
//! How many packets wait in other elements: what an element that watches queues is lent.

use super::{FrontDropQueue, LinkUnqueue, MixedQueue, Queue, SimpleQueue};

/// The classes that can be watched: Click's `Storage`.
#[cfg(feature = "host")]
pub const CLASSES: &[&str] = &["Queue", "SimpleQueue", "FrontDropQueue", "MixedQueue", "LinkUnqueue"];
/// How many can be watched by one element.
#[cfg(feature = "host")]
pub const MOST: usize = 8;

/// An element in which packets wait.
pub trait Waiting {
    /// How many wait now.
    fn waiting(&self) -> usize;
}

macro_rules! queues {
    ($($queue:ident),*) => {$(
        impl<const CAPACITY: usize> Waiting for $queue<CAPACITY> {
            #[inline]
            fn waiting(&self) -> usize {
                $queue::waiting(self)
            }
        }
    )*};
}
queues!(Queue, SimpleQueue, FrontDropQueue, MixedQueue);

impl Waiting for LinkUnqueue {
    fn waiting(&self) -> usize {
        LinkUnqueue::waiting(self)
    }
}

macro_rules! tuples {
    ($($queue:ident $number:tt),+) => {
        impl<$($queue: Waiting),+> Waiting for ($(&mut $queue,)+) {
            #[inline]
            fn waiting(&self) -> usize {
                0 $(+ self.$number.waiting())+
            }
        }
    };
}
tuples!(A 0);
tuples!(A 0, B 1);
tuples!(A 0, B 1, C 2);
tuples!(A 0, B 1, C 2, D 3);
tuples!(A 0, B 1, C 2, D 3, E 4);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
