//! Serves a function natively over HTTP/1.1 and HTTP/2: the embedded default, and the yardstick for
//! what every other target does. It must not know a vendor, nor decide what an answer is.
//!
//! A function's `main` is [`main`]; a test or a larger program uses [`Server`].

mod activity;
mod answer;
mod connection;
mod convert;
mod crash;
mod log;
mod options;
mod ports;
mod server;

use std::process::ExitCode;

use guru_core::App;

pub use log::Format;
pub use options::{Limits, Options, Program};
pub use server::{Error, ErrorKind, Server};

/// Serves the function until SIGINT or SIGTERM, with the options of the command line and the
/// environment. Exits with 0 after a clean stop, 1 when it cannot start, 2 for a wrong option.
#[must_use]
pub fn main(program: Program, app: fn() -> App) -> ExitCode {
    let options = Options::from_args(&program);
    crash::install();
    match Server::bind(app, options).and_then(Server::run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", program.name);
            ExitCode::FAILURE
        }
    }
}
