//! Why a store has not written: in the same words, whichever service keeps it.

use alloc::format;

use crate::ports::{Error, ErrorKind};

/// The error of a write for a version, or for none, that the value of the key does not have any more.
///
/// ```
/// use guru_core::adapter::overtaken;
/// use guru_core::ports::ErrorKind;
///
/// assert_eq!(overtaken("links").kind(), ErrorKind::Conflict);
/// ```
#[must_use]
pub fn overtaken(store: &str) -> Error {
    conflict(store, "is another by now")
}

/// The error of a sum that is none: of a value that is no number, or past the ends of an `i64`.
#[must_use]
pub fn no_sum(store: &str) -> Error {
    conflict(store, "is no number, or the sum is too large for one")
}

fn conflict(store: &str, what: &str) -> Error {
    let message = format!("the value of the key in `{store}` {what}");
    Error::new(ErrorKind::Conflict, message)
}
