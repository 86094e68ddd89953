//! What adapters have to know of the content of a request, and what is wrong with one where they find it out.

use alloc::string::ToString as _;

use crate::http;
use crate::{Error, ErrorKind};

/// How much of a body that nobody wants is still read and discarded, in bytes, so that a client that does not read
/// while it sends still gets its response: closing at once would reset the connection (RFC 9112, section 9.6).
pub const DRAIN: usize = 64 * 1024 * 1024;

/// The error for a request whose head is not valid: 400.
#[must_use]
pub fn malformed(error: http::Error) -> Error {
    Error::new(ErrorKind::BadRequest, error.to_string())
}

/// Whether a request of this method says `content-length: 0` when it has no content (RFC 9110, section 8.6).
#[must_use]
pub fn expects_content(method: &str) -> bool {
    matches!(method, "POST" | "PUT" | "PATCH")
}
