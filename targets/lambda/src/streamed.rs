//! An answer that is sent as the function makes it.
//!
//! It is one request to the runtime API: the head as JSON, eight zero bytes, and then the content. What goes wrong behind the
//! head is said in trailers
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming>), and Lambda breaks
//! the client's transfer off. `lambda_runtime` writes the error into the content instead, and makes up a content type where the
//! function gives none.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use http_body::Frame;
use lambda_runtime::{Error, LambdaInvocation};
use lambda_runtime_api_client::PooledClient;
use lambda_runtime_api_client::body::Body;

use crate::answer::Content;
use crate::encode::Prelude;
use crate::event::Kind;

/// What separates the head from the content.
const SEPARATOR: [u8; 8] = [0; 8];

/// The trailers that say what went wrong behind the head.
const ERROR_TYPE: &str = "lambda-runtime-function-error-type";
const ERROR_BODY: &str = "lambda-runtime-function-error-body";

/// The header by which Lambda tells the answer to one invocation from a late one to another.
const INVOCATION: &str = "lambda-runtime-invocation-id";

/// Sends an answer to an invocation as it is made.
///
/// # Errors
///
/// When the runtime API cannot be reached, or wants nothing of it.
pub(crate) async fn send(
    client: &PooledClient,
    invocation: &LambdaInvocation,
    kind: Kind,
    response: http::Response<Content>,
) -> Result<(), Error> {
    let id = &invocation.context.request_id;
    let (parts, content) = response.into_parts();
    let mut prelude = serde_json::to_vec(&Prelude::new(kind, parts.status, &parts.headers))?;
    prelude.extend(SEPARATOR);
    let mut request = http::Request::post(format!("/2018-06-01/runtime/invocation/{id}/response"))
        .header("lambda-runtime-function-response-mode", "streaming")
        .header(header::TRANSFER_ENCODING, "chunked")
        .header(header::TRAILER, ERROR_TYPE)
        .header(header::TRAILER, ERROR_BODY)
        .header(
            header::CONTENT_TYPE,
            "application/vnd.awslambda.http-integration-response",
        );
    if let Some(id) = invocation.parts.headers.get(INVOCATION) {
        request = request.header(INVOCATION, id);
    }
    let streamed = Streamed {
        prelude: Some(prelude.into()),
        content: Some(content),
    };
    let told = client.call(request.body(Body::new(streamed))?).await?;
    if !told.status().is_success() {
        let status = told.status();
        return Err(format!("the runtime API did not take the answer: {status}").into());
    }
    Ok(())
}

struct Streamed {
    prelude: Option<Bytes>,
    /// `None` once it has ended, well or not.
    content: Option<Content>,
}

impl http_body::Body for Streamed {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(prelude) = self.prelude.take() {
            return Poll::Ready(Some(Ok(Frame::data(prelude))));
        }
        let Some(content) = &mut self.content else {
            return Poll::Ready(None);
        };
        let polled = Pin::new(content).poll_frame(cx);
        polled.map(|frame| match frame? {
            Ok(frame) => Some(Ok(frame)),
            Err(error) => {
                self.content = None;
                Some(Ok(Frame::trailers(broken(&error.to_string()))))
            }
        })
    }
}

/// The trailers of an answer that has broken off. Their text is for Lambda's own log.
fn broken(error: &str) -> HeaderMap {
    let body = serde_json::json!({
        "errorType": "Guru.BrokenAnswer",
        "errorMessage": format!("the answer broke off: {error}"),
    });
    let mut trailers = HeaderMap::new();
    trailers.insert(ERROR_TYPE, HeaderValue::from_static("Guru.BrokenAnswer"));
    // Base64 is a header value.
    if let Ok(body) = HeaderValue::try_from(STANDARD.encode(body.to_string())) {
        trailers.insert(ERROR_BODY, body);
    }
    trailers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_wrong_is_said_as_lambda_reads_it() {
        let trailers = broken("ümlaut");
        assert_eq!(trailers[ERROR_TYPE], "Guru.BrokenAnswer");
        let body = STANDARD.decode(&trailers[ERROR_BODY]).unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["errorMessage"], "the answer broke off: ümlaut");
    }
}
