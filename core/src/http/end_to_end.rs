//! Headers that are between two machines and nobody else's.

use alloc::vec::Vec;

use super::Headers;

/// Headers that belong to one connection, not to the message (RFC 9110, section 7.6.1). Vendors
/// drop them, refuse them or send them as they are, so that none passes in either direction.
const HOP_BY_HOP: [&str; 7] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Drops hop-by-hop headers, and those that `connection` names: `host` excepted, which is never between two machines only.
pub(crate) fn end_to_end(headers: &mut Headers) {
    if !headers.iter().any(|(name, _)| HOP_BY_HOP.contains(&name)) {
        return;
    }
    let connection: Vec<u8> = headers
        .get_all("connection")
        .collect::<Vec<_>>()
        .join(&b',');
    headers.retain(|name, _| {
        let nominated = connection
            .split(|byte| *byte == b',')
            .any(|option| option.trim_ascii().eq_ignore_ascii_case(name.as_bytes()));
        (!nominated || name == "host") && !HOP_BY_HOP.contains(&name)
    });
}
