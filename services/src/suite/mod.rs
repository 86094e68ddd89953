//! The cases that every service of a port must pass.
//!
//! A service calls the function of its port in a test, on a runtime of its own, with a name for what is used that nobody else
//! has. A case that fails panics, and says what it wanted.

mod blob;
mod key_value;
mod postgres;
mod sql;

pub use blob::blob;
pub use key_value::{atomic, key_value};
pub use postgres::postgres;
pub use sql::sqlite;
