//! Settings in memory.

use alloc::collections::BTreeMap;
use alloc::rc::Rc;
use alloc::string::String;

use crate::ports;

/// Settings from a list of pairs.
///
/// ```
/// use guru_core::{memory, ports::Config};
///
/// let config = memory::Config::from([("greeting", "hello")]);
/// assert_eq!(config.get("greeting").unwrap().as_deref(), Some("hello"));
/// assert_eq!(config.get("other").unwrap(), None);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Config(Rc<BTreeMap<String, String>>);

impl<const N: usize> From<[(&str, &str); N]> for Config {
    fn from(pairs: [(&str, &str); N]) -> Self {
        Self(Rc::new(
            pairs
                .iter()
                .map(|(key, value)| ((*key).into(), (*value).into()))
                .collect(),
        ))
    }
}

impl ports::Config for Config {
    fn get(&self, key: &str) -> Result<Option<String>, ports::Error> {
        Ok(self.0.get(key).cloned())
    }
}
