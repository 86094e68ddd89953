//! The environment that the host passes to the component.

use std::sync::LazyLock;

use wasip3::cli::environment;

/// The whole environment, read once: a host has no call for a single variable, and does not change them. Changes that
/// a function makes to the standard library's copy are not seen.
static ENVIRONMENT: LazyLock<Vec<(String, String)>> = LazyLock::new(environment::get_environment);

/// An environment variable.
pub(crate) fn variable(key: &str) -> Option<&'static str> {
    let mut found = ENVIRONMENT.iter().filter(|(name, _)| name == key);
    found.next().map(|(_, value)| &**value)
}
