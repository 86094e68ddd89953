//! Conversions between hyper's messages and the core's types.

use std::time::Duration;

use guru_core::http::convert;
use guru_core::{Error, Request, adapter};
use http_body::Body as _;
use hyper::body::Incoming;

/// Converts the head of a request.
pub(crate) fn request(parts: &mut http::request::Parts) -> Result<Request, Error> {
    adapter::admit(parts)?;
    convert::request(parts).map_err(adapter::malformed)
}

/// Reads and discards the body of a refused request.
pub(crate) fn leave(incoming: Incoming, pause: Duration, expects_continue: bool) {
    if expects_continue || incoming.is_end_stream() {
        return;
    }
    tokio::task::spawn_local(guru_server::drain(incoming, pause));
}
