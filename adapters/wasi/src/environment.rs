//! The environment that the host gives to the component.

use std::sync::LazyLock;

use wasip3::cli::environment;

/// All of it, asked for once: a host has no call for a single variable, and does not change them. What a function does to
/// the standard library's copy is not seen.
static ENVIRONMENT: LazyLock<Vec<(String, String)>> = LazyLock::new(environment::get_environment);

/// A variable of the environment.
pub(crate) fn variable(key: &str) -> Option<&'static str> {
    let mut found = ENVIRONMENT.iter().filter(|(name, _)| name == key);
    found.next().map(|(_, value)| &**value)
}
