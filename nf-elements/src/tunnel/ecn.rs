// SPDX-License-Identifier: Apache-2.0
//! Explicit congestion notification across a tunnel, RFC 6040.

/// ECN fields, RFC 3168 §5: not capable, capable in two spellings, congestion experienced.
const NOT_ECT: u8 = 0;
const ECT_1: u8 = 1;
const CE: u8 = 3;

/// The inner packet's ECN field when it comes out, RFC 6040 §4.2, figure 4. None: it must be dropped, for it was marked on the way,
/// and its transport would not understand that.
#[inline]
pub fn decapsulate(inner: u8, outer: u8) -> Option<u8> {
    match (inner & 3, outer & 3) {
        (NOT_ECT, CE) => None,
        (NOT_ECT, _) => Some(NOT_ECT),
        (CE, _) | (_, CE) => Some(CE),
        (_, ECT_1) => Some(ECT_1),
        (inner, _) => Some(inner),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_rfc() {
        // Rows: inner Not-ECT, ECT(0), ECT(1), CE; columns: outer Not-ECT, ECT(0), ECT(1), CE.
        let table = [
            (0, [Some(0), Some(0), Some(0), None]),
            (2, [Some(2), Some(2), Some(1), Some(3)]),
            (1, [Some(1), Some(1), Some(1), Some(3)]),
            (3, [Some(3); 4]),
        ];
        for (inner, row) in table {
            assert_eq!([0, 2, 1, 3].map(|outer| decapsulate(inner, outer)), row, "{inner}");
        }
    }
}
