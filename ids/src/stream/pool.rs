// SPDX-License-Identifier: Apache-2.0
//! A pool of lent memory whose pieces are taken and given back by number.

/// What a pool holds: each piece knows who has it.
pub trait Piece {
    /// The owner's number; 0 while the piece is free.
    fn owner(&self) -> u32;
    /// Gives it to `owner`, as new; 0 frees it.
    fn hand_to(&mut self, owner: u32);
    /// Whether it may be taken from its owner when none is free.
    fn is_idle(&self) -> bool;
}

/// Pieces looked at for one that is free or idle.
const TRIES: usize = 32;

/// The pool.
pub struct Pool<'m, T> {
    pieces: &'m mut [T],
    hand: usize,
    /// Times that no piece could be had.
    pub exhausted: u64,
}

impl<'m, T: Piece> Pool<'m, T> {
    /// All of `pieces`, free.
    pub fn new(pieces: &'m mut [T]) -> Self {
        Self { pieces, hand: 0, exhausted: 0 }
    }

    /// The piece that `owner` was given as number `index`; `None` if it was taken away since.
    pub fn get(&mut self, index: u32, owner: u32) -> Option<&mut T> {
        let piece = self.pieces.get_mut((index as usize).checked_sub(1)?)?;
        (piece.owner() == owner).then_some(piece)
    }

    /// A piece for `owner`: its number, from 1. A hand goes round over the pieces and takes the first that is free or idle.
    pub fn take(&mut self, owner: u32) -> Option<u32> {
        for _ in 0..TRIES.min(self.pieces.len()) {
            let index = self.hand;
            self.hand = if index + 1 == self.pieces.len() { 0 } else { index + 1 };
            let piece = &mut self.pieces[index];
            if piece.owner() == 0 || piece.is_idle() {
                piece.hand_to(owner);
                return u32::try_from(index + 1).ok();
            }
        }
        self.exhausted += 1;
        None
    }

    /// Gives back what `owner` was given as number `index`.
    pub fn give_back(&mut self, index: u32, owner: u32) {
        if let Some(piece) = self.get(index, owner) {
            piece.hand_to(0);
        }
    }
}
