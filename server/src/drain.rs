//! What is left of a body that nobody wants.

use std::time::Duration;

use bytes::Bytes;
use guru_core::adapter::DRAIN;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::timeout;

/// Reads and discards a body, up to [`DRAIN`] bytes: a client that does not read while it sends would miss its
/// response. `pause` is the timeout for each piece.
pub async fn drain(mut incoming: Incoming, pause: Duration) {
    let mut size = 0;
    while let Ok(Some(Ok(frame))) = timeout(pause, incoming.frame()).await {
        size += frame.data_ref().map_or(0, Bytes::len);
        if size > DRAIN {
            return;
        }
    }
}
