//! One invocation, around what `lambda_runtime` makes of it.
//!
//! An invocation ends when the runtime asks for the next one, and not with its answer: between the two is time to finish
//! ("Cleanup", <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html>). Behind it, Lambda stops the process.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use lambda_runtime::tower::Layer;
use lambda_runtime::{Error, LambdaInvocation, Service};
use lambda_runtime_api_client::PooledClient;

use crate::answer::Function;
use crate::streamed;

/// Sends an answer that is to be streamed, in place of the library, and waits in any case until the function has nothing to go on
/// with.
#[derive(Clone, Debug)]
pub(crate) struct Invocations {
    function: Arc<Function>,
    client: Arc<PooledClient>,
}

impl Invocations {
    pub(crate) fn of(function: Arc<Function>) -> Self {
        Self {
            function,
            client: Arc::new(PooledClient::builder().build()),
        }
    }
}

impl<S> Layer<S> for Invocations {
    type Service = Invoked<S>;

    fn layer(&self, library: S) -> Invoked<S> {
        Invoked {
            library,
            own: self.clone(),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Invoked<S> {
    library: S,
    own: Invocations,
}

impl<S> Service<LambdaInvocation> for Invoked<S>
where
    S: Service<LambdaInvocation, Response = (), Error = Error, Future: Send + 'static>,
{
    type Response = ();
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.library.poll_ready(cx)
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        let Invocations { function, client } = self.own.clone();
        if let Some((event, kind)) = function.to_stream(&invocation.body) {
            return Box::pin(async move {
                let response = function.stream(event, kind, &invocation.context).await;
                if let Err(error) = streamed::send(&client, &invocation, kind, response).await {
                    // Lambda has less than all of it, or nothing; the next one can be served.
                    function.note(&error.to_string(), &invocation.context.request_id);
                }
                function.idle().await;
                Ok(())
            });
        }
        let answered = self.library.call(invocation);
        Box::pin(async move {
            let answered = answered.await;
            function.idle().await;
            answered
        })
    }
}
