//! Serves a function natively over HTTP/1.1 and HTTP/2: the embedded default, and the reference for the behavior of
//! every other target.
//!
//! A function's `main` calls [`main`]; a test or a larger program uses [`Server`].

mod after;
mod answer;
mod clock;
mod connection;
mod convert;
mod crash;
mod document;
mod error;
mod fetch;
mod instance;
#[cfg(feature = "invoke")]
mod invoke;
mod log;
mod options;
mod plan;
mod ports;
mod pulse;
mod reply;
mod room;
#[cfg(feature = "secret")]
mod secret;
mod sending;
mod server;
mod sockets;
mod start;
#[cfg(any(
    feature = "blob",
    feature = "invoke",
    feature = "key-value",
    feature = "postgres",
    feature = "sql"
))]
mod stores;
mod upload;
mod watchdog;
mod worker;

use std::process::ExitCode;

use guru_core::App;

pub use error::{Error, ErrorKind};
pub use fetch::fetch;
#[cfg(feature = "sql")]
#[doc(hidden)]
pub use guru_services::SqliteInMemory;
#[cfg(feature = "invoke")]
pub use invoke::invoke;
pub use log::Format;
use options::Task;
pub use options::{Limits, Options, Program};
#[cfg(feature = "secret")]
pub use secret::secret;
pub use server::Server;
#[cfg(feature = "blob")]
pub use stores::blob;
#[cfg(feature = "key-value")]
pub use stores::{atomic, key_value};
#[cfg(feature = "postgres")]
pub use stores::{postgres, testing_postgres};
#[cfg(feature = "sql")]
pub use stores::{sqlite, testing_migrated};

/// The exit code of `--check` for routes that cannot be served: `EX_DATAERR` of BSD's `sysexits.h`.
const REFUSED: u8 = 65;

/// Serves the function until SIGINT or SIGTERM, with options from the command line and the environment. Exits with 0
/// after a clean shutdown, 1 when it cannot start, 2 for an invalid option.
#[must_use]
pub fn main(program: Program, app: fn() -> App) -> ExitCode {
    let asked = Task::from_args(&program);
    let is_check = matches!(asked, Task::Check);
    let done = match asked {
        Task::Document => document::document(&program, app)
            .map(|document| println!("{}", document.trim_end()))
            .map_err(|error| error.to_string()),
        Task::Check => app()
            .into_service()
            .map(drop)
            .map_err(|error| error.to_string()),
        #[cfg(any(feature = "postgres", feature = "sql"))]
        Task::Migrate(databases) => stores::migrate(&databases),
        Task::Serve(options) => {
            crash::install();
            let served = Server::bind(app, options).and_then(Server::run);
            served.map_err(|error| error.to_string())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", program.name);
            if is_check {
                ExitCode::from(REFUSED)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}
