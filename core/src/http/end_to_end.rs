//! Hop-by-hop headers.

use alloc::vec::Vec;

use super::Headers;

/// Headers that belong to one connection and not to the message (RFC 9110, section 7.6.1). Vendors drop them, reject
/// them or forward them unchanged, so none passes in either direction.
const HOP_BY_HOP: [&str; 7] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Drops hop-by-hop headers, and those nominated by `connection`, except `host`, which is always end-to-end.
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
