//! The app before there are requests: whether it can be made, and what it has.

use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

use guru_core::{App, Context, Invocation, Service};
use tokio::runtime::LocalRuntime;

use crate::error::{Error, ErrorKind};
use crate::log::Log;
use crate::ports::ports;

/// The service of an app, which has not started yet.
pub(crate) fn service(app: fn() -> App) -> Result<Service, Error> {
    let service = app().into_service();
    service.map_err(|error| Error::new(ErrorKind::App, error.to_string()))
}

/// Makes the app of a service, where that waits for something, in so much time.
pub(crate) fn start(
    runtime: &LocalRuntime,
    service: &Service,
    cx: &Context,
    limit: Option<Duration>,
) -> Result<Service, Error> {
    let late = async {
        match limit {
            Some(limit) => tokio::time::sleep(limit).await,
            None => pending().await,
        }
    };
    runtime.block_on(async {
        tokio::select! {
            made = service.start(cx) => made.map_err(|error| Error::new(ErrorKind::App, error.to_string())),
            () = late => {
                let seconds = limit.unwrap_or_default().as_secs();
                let message = format!("the app did not start within {seconds} s; --time sets the limit");
                Err(Error::new(ErrorKind::App, message))
            }
        }
    })
}

/// The context of what is no client's request.
pub(crate) fn context(log: Log) -> Context {
    Context::new(Rc::new(ports(log)), Invocation::new("start"))
}
