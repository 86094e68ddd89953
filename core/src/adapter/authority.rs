//! Validation of `Host` and `:authority`.

use core::net::Ipv6Addr;

/// Whether `text` is a valid value of `Host` or `:authority`: `uri-host [ ":" port ]` (RFC 9110, section 7.2; RFC
/// 3986, section 3.2). The empty value is valid: clients send it for a URI without an authority.
///
/// ```
/// use guru_core::adapter::is_authority;
///
/// assert!(is_authority(b"example.com:8080") && is_authority(b"[::1]"));
/// assert!(!is_authority(b"user@example.com") && !is_authority(b"example.com/path"));
/// ```
#[must_use]
pub fn is_authority(text: &[u8]) -> bool {
    let Some(literal) = text.strip_prefix(b"[") else {
        let colon = text.iter().position(|byte| *byte == b':');
        let (name, port) = text.split_at(colon.unwrap_or(text.len()));
        return is_name(name) && is_port(port);
    };
    let Some(end) = literal.iter().position(|byte| *byte == b']') else {
        return false;
    };
    let (literal, rest) = literal.split_at(end);
    is_literal(literal) && is_port(rest.get(1..).unwrap_or_default())
}

/// Empty, or a colon followed by digits.
fn is_port(text: &[u8]) -> bool {
    match text.split_first() {
        None => true,
        Some((b':', digits)) => digits.iter().all(u8::is_ascii_digit),
        Some(_) => false,
    }
}

/// `reg-name`, which includes IPv4 addresses.
fn is_name(text: &[u8]) -> bool {
    let mut rest = text;
    loop {
        rest = match rest {
            [] => return true,
            [b'%', a, b, rest @ ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => rest,
            [byte, rest @ ..] if is_unreserved(*byte) || is_delimiter(*byte) => rest,
            _ => return false,
        }
    }
}

/// An IPv6 address, or an address of a later version (`IPvFuture`).
fn is_literal(text: &[u8]) -> bool {
    let Some(future) = text.strip_prefix(b"v").or_else(|| text.strip_prefix(b"V")) else {
        let text = core::str::from_utf8(text).unwrap_or_default();
        return text.parse::<Ipv6Addr>().is_ok();
    };
    let dot = future.iter().position(|byte| *byte == b'.');
    let (version, address) = future.split_at(dot.unwrap_or(future.len()));
    let is_fit = |byte: &u8| is_unreserved(*byte) || is_delimiter(*byte) || *byte == b':';
    !version.is_empty()
        && version.iter().all(u8::is_ascii_hexdigit)
        && address.len() > 1
        && address.iter().all(is_fit)
}

const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// `sub-delims`.
const fn is_delimiter(byte: u8) -> bool {
    matches!(
        byte,
        b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'='
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_is_a_host_and_perhaps_a_port() {
        for text in [
            "",
            "a",
            "localhost",
            "example.com",
            "example.com.",
            "EXAMPLE.com:80",
            "a:",
            "127.0.0.1:5000",
            "[::1]",
            "[::1]:80",
            "[::ffff:127.0.0.1]:1",
            "[v1.a:b]",
            "a_b.example",
            "xn--bcher-kva.example",
            "a%20b",
            "a:99999",
            ":80",
            "a!$&'()*+,;=b",
        ] {
            assert!(is_authority(text.as_bytes()), "{text:?}");
        }
        for text in [
            "evil/echo",
            "x?y=",
            "u@h",
            "a#b",
            "a b",
            "a:b",
            "a:80:80",
            "::1",
            "[::1",
            "[::1]x",
            "[::1]:x",
            "[]",
            "[::1%25eth0]",
            "[v.a]",
            "[v1.]",
            "a%2",
            "a%zz",
            "bücher.example",
            "http://a",
            "a\\b",
            "a,\tb",
            "<a>",
            "a|b",
            "\u{7f}",
        ] {
            assert!(!is_authority(text.as_bytes()), "{text:?}");
        }
        assert!(!is_authority(b"\xff"));
    }
}
