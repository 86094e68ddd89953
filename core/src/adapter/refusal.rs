//! The answer to what never becomes a request.

use crate::app::{Error, Service};
use crate::http::{Method, Response};

/// The answer to a request of which there is only an id: one that a target cannot hand over, for the reason `error`.
/// Nothing is logged.
#[must_use]
pub fn refusal(request_id: &str, method: &Method, error: &Error) -> Response {
    Service::refusal(request_id, method, error)
}
