//! The port of a secret.

use alloc::string::String;
use core::fmt;

use subtle::ConstantTimeEq as _;

use super::Called;

/// A secret of a deployment, such as the token of another server.
///
/// A handler uses it through [`app::Secret`](crate::app::Secret).
///
/// # For implementers
///
/// - A secret is known by the name of its port. Where the platform has it as a variable, that has the same name in capitals, as
///   `API_TOKEN` for `api_token`.
/// - Give no other one of the deployment's secrets, whatever the name: where anybody can ask, there is a list of those that are
///   the function's.
/// - Neither print nor log it.
/// - An empty secret is one that is not set: what a template leaves empty is not meant.
///
/// # For users
///
/// - A secret that was changed may be seen by the next call, or by the next instance alone.
///
/// # Errors
///
/// [`Corrupt`](super::ErrorKind::Corrupt) for one that is not UTF-8; others as the platform has them, without the secret.
pub trait Secret {
    /// The secret, unless it is not set.
    fn get(&self) -> Called<Option<SecretValue>>;
}

/// What a secret is called where a platform has it as a variable: the name of its port in capitals, as `API_TOKEN` of `api_token`.
#[must_use]
pub fn secret_variable(port: &str) -> String {
    port.to_ascii_uppercase()
}

/// A secret's value, which is not shown by accident: printed, it is `[secret]`.
///
/// ```
/// use guru_core::ports::SecretValue;
///
/// let token = SecretValue::new("t0ken");
/// assert_eq!(format!("{token:?} {token}"), "[secret] [secret]");
/// assert!(token.is("t0ken") && !token.is("t0ken2"));
/// assert_eq!(format!("Bearer {}", token.expose()), "Bearer t0ken");
/// ```
#[derive(Clone)]
pub struct SecretValue(String);

impl SecretValue {
    /// A secret with this value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself, to be sent to whom it is for.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether somebody has said the same. How long it takes tells the length alone, and not how much of it is right.
    #[must_use]
    pub fn is(&self, said: &str) -> bool {
        self.0.as_bytes().ct_eq(said.as_bytes()).into()
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl fmt::Display for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}
