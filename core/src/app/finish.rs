//! What makes an answer fit for every vendor's wire, whatever the handler made. It must not know
//! which wire.

use alloc::format;

use super::{Context, Error, ErrorKind};
use crate::http::{Body, Headers, Response};

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

/// Drops hop-by-hop headers, and those that `connection` names.
pub(super) fn end_to_end(headers: &mut Headers) {
    if !headers.iter().any(|(name, _)| HOP_BY_HOP.contains(&name)) {
        return;
    }
    let connection: alloc::vec::Vec<u8> = headers
        .get_all("connection")
        .collect::<alloc::vec::Vec<_>>()
        .join(&b',');
    headers.retain(|name, _| {
        let nominated = connection
            .split(|byte| *byte == b',')
            .any(|option| option.trim_ascii().eq_ignore_ascii_case(name.as_bytes()));
        !nominated && !HOP_BY_HOP.contains(&name)
    });
}

/// Makes the answer fit to be sent to a request of this method.
pub(super) fn finish(mut response: Response, is_head: bool, cx: &Context) -> Response {
    if !response.status().is_final() {
        let message = format!(
            "the handler answered with status {}, which is not in 200 to 599",
            response.status()
        );
        response = Error::new(ErrorKind::Internal, message).into_response(cx);
    }
    frame(response, is_head)
}

/// Leaves the framing to the target: a `content-length` of the handler's could be wrong. Only where
/// the answer to HEAD has no body to count is the length said here (RFC 9110, section 9.3.2).
pub(super) fn frame(mut response: Response, is_head: bool) -> Response {
    end_to_end(response.headers_mut());
    response.headers_mut().remove("content-length");
    if response.status().is_bodiless() {
        return response.with_body(Body::empty());
    }
    if is_head {
        let size = response.take_body().size();
        if let Some(size) = size {
            let added = response
                .headers_mut()
                .append("content-length", format!("{size}"));
            debug_assert!(added.is_ok(), "digits are a header value");
        }
    }
    response
}
