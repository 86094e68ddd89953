//! Calls to the host's stores and databases, and what their replies mean. It must not know which service keeps the values.

use std::future::poll_fn;

use guru_core::ports::{Error, ErrorKind};

use crate::calls::{Call, Reply};

/// What the host says of a call, in its numbering: it is done, or else why it failed.
const DONE: u8 = 0;
const NO_BINDING: u8 = 1;
const INVALID: u8 = 2;
pub(crate) const TOO_LARGE: u8 = 3;
const BUSY: u8 = 4;
pub(crate) const TIMEOUT: u8 = 5;
/// There is no table yet.
pub(crate) const NO_TABLE: u8 = 6;
const BROKEN: u8 = 7;
/// Of databases alone: what a constraint refuses, and what the database does.
const CONFLICT: u8 = 9;
const REFUSED: u8 = 10;

/// Calls the host by a number, and waits for its reply.
#[cfg(any(feature = "blob", feature = "key-value"))]
pub(crate) fn call(
    store: &'static str,
    begin: impl FnOnce(u32),
) -> impl Future<Output = Result<Reply, Error>> + 'static {
    let reply = reply(begin);
    async move {
        let reply = reply.await;
        failure(store, &reply).map_or(Ok(reply), Err)
    }
}

/// The reply to a call, whatever it is.
pub(crate) fn reply(begin: impl FnOnce(u32)) -> impl Future<Output = Reply> + 'static {
    let call = Call::new();
    begin(call.0);
    async move { poll_fn(|cx| call.poll(cx, Vec::pop)).await }
}

/// Why a call has failed, if it has.
pub(crate) fn failure(store: &str, reply: &Reply) -> Option<Error> {
    let kind = match reply.what {
        DONE => return None,
        NO_BINDING | BUSY => ErrorKind::Unavailable,
        INVALID => ErrorKind::InvalidKey,
        TOO_LARGE => ErrorKind::TooLarge,
        TIMEOUT => ErrorKind::Timeout,
        BROKEN => ErrorKind::Broken,
        NO_TABLE => ErrorKind::Corrupt,
        CONFLICT => ErrorKind::Conflict,
        REFUSED => ErrorKind::Invalid,
        _ => ErrorKind::Other,
    };
    let why = &reply.text;
    Some(Error::new(kind, format!("`{store}`: {why}")))
}

/// The host has said something that it never says.
pub(crate) fn corrupt(store: &str) -> Error {
    Error::new(
        ErrorKind::Corrupt,
        format!("`{store}` has replied with what is no value of ours"),
    )
}
