//! One invocation: from its event to the host and back. It must not know what an event looks like, nor
//! what an answer does.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use guru_core::http::convert;
use guru_core::ports::Level;
use guru_core::{ErrorKind, Method, Service};
use guru_host::{Body, BodyError, Caller, Host};
use http::HeaderValue;
use http_body_util::{BodyDataStream, BodyExt as _, Full};
use lambda_runtime::{Context, FunctionResponse, LambdaEvent, MetadataPrelude, StreamResponse};
use tokio::time::Instant;

use crate::convert::{client_ip, request};
use crate::encode::{Answer, cookies, joined};
use crate::error::Error;
use crate::event::{Event, Kind};
use crate::ports::Deployment;

/// Bytes of JSON that Lambda takes for an answer that is not streamed
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const LARGEST: usize = 6 * 1024 * 1024;

/// The same for a load balancer
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html>).
const LARGEST_BALANCED: usize = 1024 * 1024;

/// How long before Lambda ends the process a request is given up, so that there is time to say so.
const MARGIN: Duration = Duration::from_millis(100);

/// The trace that Lambda has for this invocation; with it, what the function sends on is part of it.
const TRACE: &str = "x-amzn-trace-id";

/// The function: its component, and how requests reach it.
#[derive(Debug)]
pub(crate) struct Function {
    host: Host,
    deployment: Deployment,
}

pub(crate) type Response = FunctionResponse<Answer, BodyDataStream<Body>>;

impl Function {
    pub(crate) fn new(host: Host, deployment: Deployment) -> Self {
        Self { host, deployment }
    }

    /// Answers an invocation.
    ///
    /// # Errors
    ///
    /// For an event that is no request, which is a mistake of whoever has set up the function.
    pub(crate) async fn answer(&self, event: LambdaEvent<Event>) -> Result<Response, Error> {
        let (mut event, context) = event.into_parts();
        let kind = event.kind()?;
        let mut request = request(&mut event, kind, &self.deployment.mount)?;
        if let Some(trace) = context.xray_trace_id.as_ref()
            && let Ok(trace) = HeaderValue::try_from(trace)
        {
            request.headers_mut().insert(TRACE, trace);
        }
        let caller = Caller {
            client_ip: client_ip(&event, kind, request.headers()),
            deadline: deadline(&context),
            request_id: context.request_id,
        };
        let id = caller.request_id.clone();
        let method = Method::parse(request.method().as_str().as_bytes()).unwrap_or(Method::GET);
        let whole = |body| Full::new(body).map_err(|never| -> BodyError { match never {} });
        let response = self.host.answer(request.map(whole), caller).await;
        if self.deployment.is_streaming && kind == Kind::FunctionUrl {
            return Ok(self.stream(response, &id));
        }
        let response = self.whole(response, &id, &method).await;
        let answer = Answer::new(kind, response);
        let largest = match kind {
            Kind::LoadBalancer { .. } => LARGEST_BALANCED,
            Kind::Rest | Kind::Http | Kind::FunctionUrl => LARGEST,
        };
        if answer.size() <= largest {
            return Ok(FunctionResponse::BufferedResponse(answer));
        }
        let message = format!(
            "the answer takes {} bytes as JSON, and no more than {largest} can go this way",
            answer.size()
        );
        self.host.note(Level::Error, &message, Some(&id));
        let lost = lost(ErrorKind::Internal, &id, &method);
        Ok(FunctionResponse::BufferedResponse(Answer::new(kind, lost)))
    }

    /// What a Function URL passes on as it comes.
    ///
    /// The library that speaks to Lambda writes the head of it, and can only write headers in ASCII; it
    /// says `application/octet-stream` where the function says nothing.
    fn stream(&self, response: http::Response<Body>, id: &str) -> Response {
        let (parts, body) = response.into_parts();
        let mut headers = joined(&parts.headers);
        let unfit: Vec<_> = headers
            .iter()
            .filter(|(_, value)| value.to_str().is_err())
            .map(|(name, _)| name.clone())
            .collect();
        for name in unfit {
            let message = format!("the header {name} is left out: it is not ASCII, and streamed");
            self.host.note(Level::Warn, &message, Some(id));
            headers.remove(name);
        }
        FunctionResponse::StreamingResponse(StreamResponse {
            metadata_prelude: MetadataPrelude {
                status_code: parts.status,
                headers,
                cookies: cookies(&parts.headers),
            },
            stream: BodyDataStream::new(body),
        })
    }

    /// The answer with its body. Nothing has left yet, so one that breaks off is no answer at all.
    async fn whole(
        &self,
        response: http::Response<Body>,
        id: &str,
        method: &Method,
    ) -> http::Response<Bytes> {
        let (mut parts, body) = response.into_parts();
        match body.collect().await {
            Ok(body) => {
                // Whoever sends it counts it; only the answer to HEAD has a length that is not its own.
                if *method != Method::HEAD {
                    parts.headers.remove(http::header::CONTENT_LENGTH);
                }
                http::Response::from_parts(parts, body.to_bytes())
            }
            Err(error) => {
                let message = format!("the answer broke off: {error}");
                self.host.note(Level::Error, &message, Some(id));
                lost(ErrorKind::Internal, id, method)
            }
        }
    }
}

fn lost(kind: ErrorKind, id: &str, method: &Method) -> http::Response<Bytes> {
    let (status, headers, body) = Service::lost(kind, id, method).into_parts();
    let mut response = http::Response::new(body.into_bytes().unwrap_or_default());
    *response.status_mut() = convert::status(status);
    *response.headers_mut() = convert::header_map(&headers).unwrap_or_default();
    response
}

/// When to give up. A deadline that has passed is none: an emulator may not know the time.
fn deadline(context: &Context) -> Option<Instant> {
    let left = context.deadline().duration_since(SystemTime::now()).ok()?;
    Some(Instant::now() + left.checked_sub(MARGIN)?)
}
