//! The app before there are workers: whether it can be made, and what it has.

use std::rc::Rc;

use guru_core::{App, Context, Invocation, Service};

use crate::error::{Error, ErrorKind};
use crate::log::Log;
use crate::ports::ports;
use crate::worker::local_runtime;

/// The service of the app, made with the ports of this process.
pub(crate) fn started(app: fn() -> App, log: Log) -> Result<Service, Error> {
    let cx = context(log);
    let started = local_runtime()?.block_on(async { app().into_service()?.start(&cx).await });
    started.map_err(|error| Error::new(ErrorKind::App, error.to_string()))
}

/// The context of what is no client's request.
pub(crate) fn context(log: Log) -> Context {
    Context::new(Rc::new(ports(log)), Invocation::new("start"))
}
