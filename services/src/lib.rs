//! What a function's ports lead to outside of a vendor's runtime: a folder a service.
//!
//! A service proves itself by the suite of its port (the module `suite`, by the feature of that name). Its calls can be waited
//! for on any thread, as a host of components does; [`Local`] makes the port of it that a handler uses.

#[cfg(feature = "dynamodb")]
mod dynamodb;
mod local;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(feature = "suite")]
pub mod suite;

mod setting;
mod store;

#[cfg(feature = "dynamodb")]
pub use dynamodb::{DynamoDb, Table};
pub use local::{Local, LocalSql};
pub use setting::{Services, SettingError, is_setting};
#[cfg(feature = "sqlite")]
pub use sqlite::{Sqlite, SqliteDatabase, SqliteInMemory};
pub use store::{Called, SqlDatabase, Store};
