//! Runs a function on AWS Lambda.
//!
//! The function itself is the component that Spin runs, byte for byte, compiled ahead of time. This crate converts
//! the events of API Gateway (REST and HTTP APIs), Function URLs and Application Load Balancers to requests, and
//! responses to what each of them expects.

mod answer;
mod base;
mod convert;
mod encode;
mod error;
mod event;
mod invocation;
mod log;
mod ports;
mod settings;
mod shape;
mod streamed;
#[cfg(test)]
mod tests;
mod unknown;

use std::sync::Arc;

use guru_core::ports::Level;
use guru_host::Host;
use lambda_runtime::layers::TracingLayer;
use lambda_runtime::{LambdaEvent, Runtime, service_fn};

pub use error::{Error, ErrorKind};
use invocation::Invocations;

/// Handles invocations until Lambda ends the process. Must be called on a tokio runtime.
///
/// # Errors
///
/// [`ErrorKind::NotLambda`] outside of Lambda and its emulator, [`ErrorKind::Setting`] for an invalid environment,
/// [`ErrorKind::Component`] for a component that cannot be hosted, [`ErrorKind::Runtime`] when Lambda's runtime API
/// fails.
pub async fn run() -> Result<(), Error> {
    ports::is_lambda()?;
    let (options, warning) = ports::options()?;
    let host = Host::load(&ports::component()?, options)?;
    if let Some(warning) = warning {
        host.note(Level::Warn, &warning, None);
    }
    let function = Arc::new(answer::Function::new(host, ports::deployment()?));
    let invocations = Invocations::of(Arc::clone(&function));
    let service = service_fn(move |event: LambdaEvent<event::Event>| {
        let function = Arc::clone(&function);
        async move { function.answer(event).await }
    });
    let runtime = Runtime::new(service)
        .layer(TracingLayer::new())
        .layer(invocations);
    runtime.run().await.map_err(Error::runtime)
}
