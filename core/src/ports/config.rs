//! Settings. It must not know where a deployment keeps them.

use alloc::string::String;

use super::Error;

/// Settings of a deployment, such as environment variables.
///
/// - The same key answers the same value for as long as an instance lives.
/// - A key that is not set is `Ok(None)`; an empty value is `Ok(Some(""))`.
/// - Keys are case-sensitive. Letters, digits and `_` work on every target; a key that this target
///   cannot name is not set.
pub trait Config {
    /// The value of `key`.
    ///
    /// # Errors
    ///
    /// [`Corrupt`](super::ErrorKind::Corrupt) when the value is not UTF-8, [`Denied`] or [`Other`]
    /// as the target reports.
    ///
    /// [`Denied`]: super::ErrorKind::Denied
    /// [`Other`]: super::ErrorKind::Other
    fn get(&self, key: &str) -> Result<Option<String>, Error>;
}
