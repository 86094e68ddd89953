//! What a function's ports lead to outside of a vendor's runtime: a folder a service.
//!
//! A service proves itself by the suite of its port (the module `suite`, by the feature of that name). Its calls can be waited
//! for on any thread, as a host of components does; [`Local`] makes the port of it that a handler uses.

#[cfg(feature = "aws")]
mod aws;
#[cfg(feature = "blob")]
pub mod content;
#[cfg(feature = "dynamodb")]
mod dynamodb;
#[cfg(feature = "files")]
mod files;
#[cfg(any(feature = "files", feature = "sqlite"))]
mod folder;
#[cfg(feature = "function")]
mod function;
mod local;
#[cfg(feature = "blob")]
mod local_blob;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "s3")]
mod s3;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(feature = "suite")]
pub mod suite;

mod migration;
mod service;
mod setting;
mod store;

#[cfg(feature = "blob")]
pub use content::Content;
#[cfg(feature = "dynamodb")]
pub use dynamodb::{DynamoDb, Table};
#[cfg(feature = "files")]
pub use files::Files;
#[cfg(feature = "lambda")]
pub use function::LambdaFunction;
#[cfg(feature = "function")]
pub use function::{Answer, Function};
pub use local::{Local, LocalSql};
#[cfg(feature = "blob")]
pub use local_blob::LocalBlob;
pub use migration::{Migration, MigrationError, migrations};
#[cfg(feature = "postgres")]
pub use postgres::{Address, BlockingPostgres, PostgresDatabase};
#[cfg(feature = "s3")]
pub use s3::{Bucket, S3};
pub use service::SettingError;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub use setting::Dialect;
pub use setting::{MIGRATIONS, Services, is_setting};
#[cfg(feature = "sqlite")]
pub use sqlite::{Sqlite, SqliteDatabase, SqliteInMemory};
#[cfg(feature = "blob")]
pub use store::{BlobStore, FoundContent};
pub use store::{Called, SqlDatabase, Store};
