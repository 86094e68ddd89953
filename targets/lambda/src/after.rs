//! What a request goes on with after its answer.
//!
//! An invocation ends when the runtime asks for the next one, and not with its answer: between the two is time to finish
//! ("Cleanup", <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html>). Behind it, Lambda stops the process.

use std::pin::Pin;
use std::task::{Context, Poll};

use guru_host::Host;
use lambda_runtime::tower::Layer;
use lambda_runtime::{Error, LambdaInvocation, Service};

/// Waits, once an answer has been sent, until the host has nothing to do any more.
#[derive(Clone, Debug)]
pub(crate) struct After(Host);

impl After {
    pub(crate) fn of(host: Host) -> Self {
        Self(host)
    }
}

impl<S> Layer<S> for After {
    type Service = Finished<S>;

    fn layer(&self, inner: S) -> Finished<S> {
        Finished {
            inner,
            host: self.0.clone(),
        }
    }
}

/// A service whose invocations end once the host has nothing to do any more.
#[derive(Clone, Debug)]
pub(crate) struct Finished<S> {
    inner: S,
    host: Host,
}

impl<S> Service<LambdaInvocation> for Finished<S>
where
    S: Service<LambdaInvocation, Response = (), Error = Error, Future: Send + 'static>,
{
    type Response = ();
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        let (answered, host) = (self.inner.call(invocation), self.host.clone());
        Box::pin(async move {
            let answered = answered.await;
            host.idle().await;
            answered
        })
    }
}
