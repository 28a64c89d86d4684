// SPDX-License-Identifier: Apache-2.0
//! The IP options that every router on the way processes: record route and timestamp (RFC 791 §3.1, RFC 1812 §5.2.4,
//! §5.3.13). Source routes are not among them.

/// End of option list.
const IPOPT_EOL: u8 = 0;
/// No operation.
const IPOPT_NOP: u8 = 1;
/// Record route.
const IPOPT_RR: u8 = 7;
/// Internet timestamp.
const IPOPT_TS: u8 = 68;

/// A router on a packet's way.
pub struct Router<'a> {
    /// Its address on the interface that the packet leaves by.
    pub address: [u8; 4],
    /// All its addresses: those for which it fills in a prespecified timestamp.
    pub all: &'a [[u8; 4]],
    /// The time that it fills in.
    pub milliseconds: u32,
}

/// Milliseconds since midnight, as the timestamp option has them, of a clock in nanoseconds.
pub fn milliseconds_of_day(now_ns: u64) -> u32 {
    (now_ns / 1_000_000 % 86_400_000) as u32
}

impl Router<'_> {
    /// Processes the options of `header`, whose length is that of its length field: whether there were any for us, after
    /// which its checksum is to be set. An error is the offset of what is wrong.
    pub fn process(&self, header: &mut [u8]) -> Result<bool, u8> {
        let (mut at, mut ours) = (20, false);
        while let Some(&kind) = header.get(at) {
            match kind {
                IPOPT_EOL => break,
                IPOPT_NOP => {
                    at += 1;
                    continue;
                }
                _ => {}
            }
            let wrong = |offset: usize| (at + offset) as u8;
            let length = header.get(at + 1).map_or(0, |length| usize::from(*length));
            let Some(option) = header.get_mut(at..at + length).filter(|_| length >= 2) else { return Err(wrong(1)) };
            if matches!(kind, IPOPT_RR | IPOPT_TS) {
                let done = if kind == IPOPT_RR { self.record_route(option) } else { self.timestamp(option) };
                done.map_err(wrong)?;
                ours = true;
            }
            at += length;
        }
        Ok(ours)
    }

    /// Adds our address, if there is room.
    fn record_route(&self, option: &mut [u8]) -> Result<(), usize> {
        let length = option.len();
        // The pointer counts from 1.
        let at = usize::from(*option.get(2).ok_or(2usize)?).wrapping_sub(1);
        match option.get_mut(at..at.wrapping_add(4)) {
            Some(place) if at >= 3 => {
                place.copy_from_slice(&self.address);
                option[2] += 4;
                Ok(())
            }
            _ if at == length => Ok(()),
            _ => Err(2),
        }
    }

    /// Adds the time, with our address if it is wanted; counts that there is no room.
    fn timestamp(&self, option: &mut [u8]) -> Result<(), usize> {
        let &[_, _, pointer, overflow_and_flag, ..] = &*option else { return Err(2) };
        let at = usize::from(pointer).checked_sub(1).filter(|at| *at >= 4).ok_or(2usize)?;
        let flag = overflow_and_flag & 15;
        let (there, needed) = (option.len().saturating_sub(at), if flag == 0 { 4 } else { 8 });
        let time = self.milliseconds.to_be_bytes();
        match flag {
            0 | 1 | 3 if there >= needed => {
                let place = &mut option[at..at + needed];
                if flag == 3 && !self.all.iter().any(|address| place[..4] == *address) {
                    return Ok(());
                }
                if flag == 1 {
                    place[..4].copy_from_slice(&self.address);
                }
                place[needed - 4..].copy_from_slice(&time);
                option[2] = pointer.wrapping_add(needed as u8);
                Ok(())
            }
            0 | 1 if overflow_and_flag < 0xf0 => {
                option[3] = overflow_and_flag + 0x10;
                Ok(())
            }
            _ => Err(3),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTER: Router<'static> =
        Router { address: [1, 2, 3, 4], all: &[[9, 9, 9, 9], [1, 2, 3, 4]], milliseconds: 0x0506_0708 };

    /// The options after processing, or what is wrong.
    fn processed(options: &[u8]) -> Result<(bool, Vec<u8>), u8> {
        let mut header = [&[0x45; 20], options].concat();
        let ours = ROUTER.process(&mut header)?;
        Ok((ours, header[20..].to_vec()))
    }

    #[test]
    fn others_options_stay() {
        for options in [&[][..], &[1, 1, 0, 7], &[0x94, 4, 0, 0], &[1, 0x83, 3, 4]] {
            assert_eq!(processed(options), Ok((false, options.to_vec())));
        }
    }

    #[test]
    fn a_route_is_recorded_while_there_is_room() {
        assert_eq!(processed(&[7, 7, 4, 0, 0, 0, 0]), Ok((true, vec![7, 7, 8, 1, 2, 3, 4])));
        assert_eq!(processed(&[7, 7, 8, 5, 5, 5, 5]), Ok((true, vec![7, 7, 8, 5, 5, 5, 5])), "full");
        for pointer in [0, 3, 5, 9, 255] {
            assert_eq!(processed(&[1, 7, 7, pointer, 0, 0, 0, 0]), Err(23), "{pointer}");
        }
    }

    #[test]
    fn times_are_added_while_there_is_room() {
        assert_eq!(processed(&[68, 8, 5, 0, 0, 0, 0, 0]), Ok((true, vec![68, 8, 9, 0, 5, 6, 7, 8])));
        assert_eq!(processed(&[68, 8, 9, 0x10, 5, 6, 7, 8]), Ok((true, vec![68, 8, 9, 0x20, 5, 6, 7, 8])), "full");
        let (blank, full) = ([68, 12, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0], vec![68, 12, 13, 1, 1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(processed(&blank), Ok((true, full)));
        let asked = |address: u8| {
            let mut options = [68, 12, 5, 3, 9, 9, 9, address, 0, 0, 0, 0];
            options[7] = address;
            processed(&options).map(|(_, options)| options[8])
        };
        assert_eq!((asked(9), asked(8)), (Ok(5), Ok(0)), "only for our addresses");
        assert_eq!(processed(&[68, 8, 9, 0xf0, 5, 6, 7, 8]), Err(23), "overflows too often");
        assert_eq!((processed(&[68, 4, 4, 0]), processed(&[68, 4, 5, 2])), (Err(22), Err(23)));
    }

    #[test]
    fn lengths_that_lie_are_wrong_at_their_place() {
        for options in [&[7][..], &[7, 1, 4, 0], &[7, 8, 4, 0, 0, 0, 0], &[0x94, 0, 0, 0]] {
            assert_eq!(processed(options), Err(21), "{options:?}");
        }
        assert_eq!((processed(&[7, 2]), processed(&[68, 3, 5])), (Err(22), Err(22)));
    }

    #[test]
    fn no_options_make_it_panic() {
        let mut state = 1u32;
        for _ in 0..50_000 {
            let mut options = [0; 12];
            for byte in &mut options {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *byte = [7, 68, 1, (state >> 28) as u8, (state >> 24) as u8][(state >> 8) as usize % 5];
            }
            let _ = processed(&options[..(state >> 20) as usize % 13]);
        }
    }

    #[test]
    fn a_day_has_86400000_milliseconds() {
        assert_eq!(milliseconds_of_day(86_400_000_000_000 + 1_999_999), 1);
    }
}
