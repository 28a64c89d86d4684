// SPDX-License-Identifier: Apache-2.0
//! The argument parser of `InfiniteSource`: Click's strings, which can hold any bytes.

use super::InfiniteSource;
use crate::configure::{Arguments, Bytes, Configure, Instance, Surroundings};
use crate::elements::pacing::{MOST_BYTES, Pacing};

/// What packets hold if nobody says it; no EtherType, so every stack drops them.
const DEFAULT_DATA: &[u8; 64] = b"Sluice made this packet to fill a frame of the shortest length.\n";

impl Configure for InfiniteSource {
    fn configure(arguments: &mut Arguments, _: &Surroundings) -> Option<Instance> {
        let data = arguments.optional("DATA", Bytes(DEFAULT_DATA.to_vec()));
        let most = |bytes| (bytes > MOST_BYTES).then(|| format!("at most {MOST_BYTES} bytes"));
        if let Some(wanted) = data.as_ref().and_then(|Bytes(data)| most(data.len())) {
            arguments.error_last("a packet that no buffer holds", wanted);
        }
        let length: Option<usize> = arguments.keyword("LENGTH");
        if let Some(wanted) = length.and_then(most) {
            arguments.error_last("a packet that no buffer holds", wanted);
        }
        let pacing = Pacing::configure(arguments)?;
        let Bytes(data) = data?;
        if data.is_empty() && length.is_some_and(|length| length > 0) {
            arguments.error("LENGTH without DATA to repeat", Some("at least one byte of DATA".into()));
            return None;
        }
        let length = length.unwrap_or(data.len()).min(MOST_BYTES);
        let data: Vec<u8> = data.into_iter().cycle().take(length).collect();
        let expression = format!("InfiniteSource::new(b\"{}\", {pacing})", data.escape_ascii());
        Some(Instance::new("InfiniteSource", expression))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configure::{ConfigError, configure};

    fn made(arguments: &[&str]) -> Result<String, Vec<ConfigError>> {
        configure::<InfiniteSource>(arguments, &Surroundings::default()).map(|made| made.expression)
    }

    #[test]
    fn arguments_become_an_expression() {
        let pacing = "-1, 1, true, false, true";
        let default = format!("InfiniteSource::new(b\"{}\", {pacing})", DEFAULT_DATA.escape_ascii());
        assert_eq!(made(&[]).unwrap(), default);
        let repeated = made(&[r#""\<08 0F>a""#, "LIMIT 5", "BURST 2", "LENGTH 5", "STOP true"]).unwrap();
        assert_eq!(repeated, r#"InfiniteSource::new(b"\x08\x0fa\x08\x0f", 5, 2, true, true, true)"#);
    }

    #[test]
    fn packets_that_no_buffer_holds_are_refused() {
        assert!(made(&["LENGTH 1856"]).is_ok());
        for wrong in [[r#""""#, "LENGTH 5"].as_slice(), &["LENGTH 1857"], &[&"x".repeat(1857)]] {
            assert_eq!(made(wrong).unwrap_err().len(), 1);
        }
    }
}
