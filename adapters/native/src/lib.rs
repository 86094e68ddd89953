//! Serves a function natively over HTTP/1.1 and HTTP/2: the embedded default, and the yardstick for
//! what every other target does. It must not know a vendor, nor decide what an answer is.
//!
//! A function's `main` is [`main`]; a test or a larger program uses [`Server`].

mod answer;
mod clock;
mod connection;
mod convert;
mod crash;
mod document;
mod error;
mod instance;
mod log;
mod options;
mod plan;
mod ports;
mod pulse;
mod reply;
mod room;
mod server;
mod sockets;
mod watchdog;
mod worker;

use std::process::ExitCode;

use guru_core::App;

pub use error::{Error, ErrorKind};
pub use log::Format;
use options::Task;
pub use options::{Limits, Options, Program};
pub use server::Server;

/// What `--check` ends with for routes that cannot be served: `EX_DATAERR` of BSD's `sysexits.h`.
const REFUSED: u8 = 65;

/// Serves the function until SIGINT or SIGTERM, with the options of the command line and the
/// environment. Exits with 0 after a clean stop, 1 when it cannot start, 2 for a wrong option.
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
