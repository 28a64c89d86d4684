// SPDX-License-Identifier: Apache-2.0
//! Rates of bytes, as Click shows them.

use core::fmt;

/// Writes a rate of bytes per second with the unit that Click would choose: `1.6kbps`, `8Mbps`.
pub fn write(rate: u32, out: &mut dyn fmt::Write) -> fmt::Result {
    let bits = 8 * u64::from(rate);
    match rate {
        0x2000_0000.. => write_decimal(u64::from(rate), 6, "MBps", out),
        125_000_000.. => write_decimal(bits, 9, "Gbps", out),
        125_000.. => write_decimal(bits, 6, "Mbps", out),
        _ => write_decimal(bits, 3, "kbps", out),
    }
}

/// Writes `number` with its last `decimals` digits behind the point, without zeros at the end.
fn write_decimal(number: u64, decimals: u32, unit: &str, out: &mut dyn fmt::Write) -> fmt::Result {
    let one = 10u64.pow(decimals);
    write!(out, "{}", number / one)?;
    let (mut rest, mut width) = (number % one, decimals as usize);
    while rest > 0 && rest.is_multiple_of(10) {
        (rest, width) = (rest / 10, width - 1);
    }
    if rest > 0 {
        write!(out, ".{rest:0width$}")?;
    }
    out.write_str(unit)
}

/// Takes the argument RATE: a number of packets, or a bandwidth where `BYTES` are counted.
#[cfg(feature = "host")]
pub fn rate<const BYTES: bool>(arguments: &mut crate::configure::Arguments) -> Option<u32> {
    use crate::configure::BytesPerSecond;
    if !BYTES {
        return arguments.required("RATE");
    }
    let bandwidth: BytesPerSecond = arguments.required("RATE")?;
    let rate = u32::try_from(bandwidth.0);
    if rate.is_err() {
        arguments.error_last("more than 34 Gbps", "at most 4294967295 bytes per second");
    }
    rate.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_clicks() {
        let shown = [0, 1, 200, 125_000, 187_500, 1_250_000_000 / 8, 0x2000_0000].map(|rate| {
            let mut text = String::new();
            write(rate, &mut text).unwrap();
            text
        });
        assert_eq!(shown, ["0kbps", "0.008kbps", "1.6kbps", "1Mbps", "1.5Mbps", "1.25Gbps", "536.870912MBps"]);
    }
}
