//! The response to a message that never becomes a request.

use crate::app::{Error, Service};
use crate::http::{Method, Response};

/// The response to a request that a target cannot pass to the app because of `error`. Only the request id is known;
/// nothing is logged.
#[must_use]
pub fn refusal(request_id: &str, method: &Method, error: &Error) -> Response {
    Service::refusal(request_id, method, error)
}
