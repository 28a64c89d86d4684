// SPDX-License-Identifier: Apache-2.0
//! URIs in their normal form (RFC 3986 §6.2.2), in which rules look for them: without scheme and authority, percent-encoding
//! decoded once, backslashes as slashes, `.`, `..` and empty segments of the path removed.

/// Writes the normal form of `raw` into `out`; its length. What does not fit is cut off.
pub fn normalize(raw: &[u8], out: &mut [u8]) -> usize {
    let raw = without_authority(raw);
    let query = raw.iter().position(|byte| *byte == b'?').unwrap_or(raw.len());
    let decoded = decode(&raw[..query], out, 0, true);
    let path = if out.first() == Some(&b'/') { remove_dots(&mut out[..decoded]) } else { decoded };
    decode(&raw[query..], out, path, false)
}

fn without_authority(raw: &[u8]) -> &[u8] {
    let scheme = raw.windows(3).position(|part| part == b"://");
    let Some(scheme) = scheme.filter(|at| *at > 0 && raw[..*at].iter().all(u8::is_ascii_alphanumeric)) else {
        return raw;
    };
    let rest = &raw[scheme + 3..];
    rest.iter().position(|byte| *byte == b'/').map_or(&[], |slash| &rest[slash..])
}

/// Decodes `from` into `out` from `at` on; where it ends there.
fn decode(from: &[u8], out: &mut [u8], mut at: usize, path: bool) -> usize {
    let mut rest = from;
    while let (Some((&byte, after)), Some(slot)) = (rest.split_first(), out.get_mut(at)) {
        let digits = after.first_chunk::<2>().and_then(|pair| Some(hex(pair[0])? << 4 | hex(pair[1])?));
        let (byte, after) = match digits.filter(|_| byte == b'%') {
            Some(decoded) => (decoded, &after[2..]),
            None => (byte, after),
        };
        *slot = if path && byte == b'\\' { b'/' } else { byte };
        (at, rest) = (at + 1, after);
    }
    at
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

/// RFC 3986 §5.2.4, in place, and with empty segments removed; the length of what is left.
fn remove_dots(path: &mut [u8]) -> usize {
    let (mut read, mut write) = (0, 0);
    while read < path.len() {
        let start = read + 1;
        let end = path[start..].iter().position(|byte| *byte == b'/').map_or(path.len(), |at| start + at);
        let last = end == path.len();
        match &path[start..end] {
            b"" if !last => {}
            b"." => write = closed(path, write, last),
            b".." => {
                write = path[..write].iter().rposition(|byte| *byte == b'/').unwrap_or(0);
                write = closed(path, write, last);
            }
            _ => {
                path.copy_within(read..end, write);
                write += end - read;
            }
        }
        read = end;
    }
    write
}

/// A path that ends with a dot segment ends with a slash.
fn closed(path: &mut [u8], write: usize, last: bool) -> usize {
    if last {
        path[write] = b'/';
    }
    write + usize::from(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(raw: &[u8]) -> std::string::String {
        let mut out = [0; 64];
        let length = normalize(raw, &mut out);
        std::string::String::from_utf8_lossy(&out[..length]).into()
    }

    #[test]
    fn uris_become_normal() {
        for (raw, wanted) in [
            (&b"/a/b"[..], "/a/b"),
            (b"/%61%2fb?c=%20d", "/a/b?c= d"),
            (b"/a/./b//c/../d", "/a/b/d"),
            (b"/../../x", "/x"),
            (b"/a/..", "/"),
            (b"/a/.", "/a/"),
            (b"/", "/"),
            (b"//", "/"),
            (b"\\a\\b", "/a/b"),
            (b"http://host:80/p/%zz%4", "/p/%zz%4"),
            (b"http://host", ""),
            (b"*", "*"),
            (b"", ""),
            (b"host:443", "host:443"),
        ] {
            assert_eq!(normal(raw), wanted, "{}", raw.escape_ascii());
        }
        assert_eq!(normal(&[b'a'; 100]).len(), 64);
    }
}
