//! Makes a response safe to send on every target, whatever the handler returned.

use alloc::format;

use super::stream::Logged;
use super::{Context, Error, ErrorKind};
use crate::http::{Body, Headers, Response, end_to_end};

/// Finalizes the response to a request; `is_head` if its method is `HEAD`.
pub(super) fn finish(mut response: Response, is_head: bool, cx: &Context) -> Response {
    if !response.status().is_final() {
        let message = format!(
            "the handler answered with status {}, which is not in 200 to 599",
            response.status()
        );
        response = Error::new(ErrorKind::Internal, message).into_response(cx);
    }
    let mut response = frame(response, is_head);
    if response.body().is_stream() {
        let cx = cx.clone();
        let body = response.take_body();
        response = response.with_body(body.wrapped(|source| Logged { source, cx }));
    }
    response
}

/// Leaves the framing to the target: a `content-length` set by the handler could be wrong. Only the response to HEAD,
/// which has no body to measure, gets its length here (RFC 9110, section 9.3.2).
pub(super) fn frame(mut response: Response, is_head: bool) -> Response {
    end_to_end(response.headers_mut());
    if is_head && response.body().is_empty() && is_length(response.headers()) {
        // The answer of another server to HEAD, passed on: its length is of what that server has.
        return response;
    }
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

/// Whether there is one length, which is a number.
fn is_length(headers: &Headers) -> bool {
    let length = headers.get_single("content-length");
    length.is_some_and(|length| !length.is_empty() && length.iter().all(u8::is_ascii_digit))
}
