//! The server over real sockets: what is below requests, which the conformance vectors cannot say.
//! It must not know the inside of the server.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test reports by panicking"
)]

mod after;
mod fetch;
mod floods;
mod heads;
mod http1;
mod http2;
mod limits;
mod start;
mod support;
