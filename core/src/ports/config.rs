//! The settings port.

use alloc::string::String;

use super::Error;

/// The settings of a deployment, such as environment variables.
///
/// # For implementers
///
/// - Return the same value for a key for as long as the instance lives.
/// - Return `Ok(None)` for a key that is not set, and for one that this target cannot name; return `Ok(Some(""))` for
///   an empty value.
///
/// # For users
///
/// - Keys are case-sensitive. Letters, digits and `_` work on every target.
/// - A key that is not set is `Ok(None)`; an empty value is `Ok(Some(""))`.
pub trait Config {
    /// Returns the value of `key`.
    ///
    /// # Errors
    ///
    /// [`Corrupt`](super::ErrorKind::Corrupt) when the value is not UTF-8; [`Denied`] or [`Other`] as reported by the
    /// target.
    ///
    /// [`Denied`]: super::ErrorKind::Denied
    /// [`Other`]: super::ErrorKind::Other
    fn get(&self, key: &str) -> Result<Option<String>, Error>;
}
