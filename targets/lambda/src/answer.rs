//! Handles one invocation: from its event to the host and back.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use guru_core::adapter::refusal;
use guru_core::http::convert;
use guru_core::ports::Level;
use guru_core::{ErrorKind, Method, Service};
use guru_host::{Body, BodyError, Caller, Host};
use http::{HeaderMap, HeaderValue, header};
use http_body_util::{BodyExt as _, Either, Full, LengthLimitError, Limited};
use lambda_runtime::{Context, LambdaEvent};
use tokio::time::Instant;

use crate::convert::request;
use crate::encode::Answer;
use crate::error::Error;
use crate::event::{Event, Kind};
use crate::ports::Deployment;

/// The maximum number of bytes of JSON that Lambda accepts for a response that is not streamed
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const LARGEST: usize = 6 * 1024 * 1024;

/// The same for a load balancer
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html>).
const LARGEST_BALANCED: usize = 1024 * 1024;

/// How long before Lambda ends the process a request is given up, so that there is time to report it: half of the
/// remaining time, if that is less.
const MARGIN: Duration = Duration::from_millis(100);

/// The maximum duration of an invocation
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const LONGEST: Duration = Duration::from_secs(900);

/// The header with Lambda's trace of this invocation. The function passes it on to make its own requests part of the
/// trace.
const TRACE: &str = "x-amzn-trace-id";

/// The function: its component, and how requests reach it.
#[derive(Debug)]
pub(crate) struct Function {
    host: Host,
    deployment: Deployment,
}

/// The content of a response, from the function or in its place.
pub(crate) type Content = Either<Body, Full<Bytes>>;

impl Function {
    pub(crate) fn new(host: Host, deployment: Deployment) -> Self {
        Self { host, deployment }
    }

    /// Handles an invocation.
    ///
    /// # Errors
    ///
    /// For an event that is not a request, which is a mistake in the function's configuration.
    pub(crate) async fn answer(&self, event: LambdaEvent<Event>) -> Result<Answer, Error> {
        let (event, context) = event.into_parts();
        let kind = event.kind()?;
        let id = context.request_id.clone();
        let method = method(&event);
        let response = self.handle(event, kind, &context).await;
        let largest = match kind {
            Kind::LoadBalancer { .. } => LARGEST_BALANCED,
            Kind::Rest | Kind::Http | Kind::FunctionUrl | Kind::Lattice => LARGEST,
        };
        let response = self.whole(response, &id, &method, largest).await;
        let answer = Answer::new(kind, response);
        if answer.fits(largest) {
            return Ok(answer);
        }
        let message = format!(
            "the answer is too large: its {} bytes and its headers take more than {largest} bytes of JSON, which \
             is all that can be sent this way",
            answer.content()
        );
        self.host.note(Level::Error, &message, Some(&id));
        let lost = convert::whole_response(Service::lost(ErrorKind::Internal, &id, &method));
        Ok(Answer::new(kind, lost))
    }

    /// The event of an invocation whose answer is sent as it is made: its sender must be configured for that. Anything else is
    /// the library's to read.
    pub(crate) fn to_stream(&self, event: &[u8]) -> Option<(Event, Kind)> {
        if !self.deployment.is_streaming {
            return None;
        }
        let event: Event = serde_json::from_slice(event).ok()?;
        let kind = event.kind().ok()?;
        matches!(kind, Kind::FunctionUrl | Kind::Rest).then_some((event, kind))
    }

    /// Handles an invocation whose answer is sent as it is made.
    pub(crate) async fn stream(
        &self,
        event: Event,
        kind: Kind,
        context: &Context,
    ) -> http::Response<Content> {
        let method = method(&event);
        let mut response = self.handle(event, kind, context).await;
        measured_by_sender(response.headers_mut(), &method);
        response
    }

    /// Resolves once the function has nothing to go on with.
    pub(crate) async fn idle(&self) {
        self.host.idle().await;
    }

    /// Writes a line to the function's log.
    pub(crate) fn note(&self, message: &str, id: &str) {
        self.host.note(Level::Error, message, Some(id));
    }

    async fn handle(
        &self,
        mut event: Event,
        kind: Kind,
        context: &Context,
    ) -> http::Response<Content> {
        let method = method(&event);
        let id = &context.request_id;
        let request = request(&mut event, kind, &self.deployment.mount);
        let request =
            request.map_err(|error| convert::whole_response(refusal(id, &method, &error)));
        match request {
            Ok((request, client_ip)) => self
                .ask(request, client_ip, context)
                .await
                .map(Either::Left),
            Err(refused) => refused.map(|body| Either::Right(Full::new(body))),
        }
    }

    /// The function's response.
    async fn ask(
        &self,
        mut request: http::Request<Bytes>,
        client_ip: Option<IpAddr>,
        context: &Context,
    ) -> http::Response<Body> {
        if let Some(trace) = context.xray_trace_id.as_ref()
            && let Ok(trace) = HeaderValue::try_from(trace)
        {
            request.headers_mut().insert(TRACE, trace);
        }
        let caller = Caller {
            client_ip,
            deadline: left(context.deadline(), SystemTime::now())
                .and_then(|left| Instant::now().checked_add(left)),
            request_id: context.request_id.clone(),
        };
        let whole = |body| Full::new(body).map_err(|never| -> BodyError { match never {} });
        self.host.answer(request.map(whole), caller).await
    }

    /// A response with its whole body. Nothing has been sent yet, so a body that breaks off means that there is no
    /// response.
    async fn whole(
        &self,
        response: http::Response<Content>,
        id: &str,
        method: &Method,
        largest: usize,
    ) -> http::Response<Bytes> {
        let (mut parts, body) = response.into_parts();
        // A body that cannot be sent is not collected either: the function may have more memory than is left for it
        // here.
        match Limited::new(body, largest).collect().await {
            Ok(body) => {
                measured_by_sender(&mut parts.headers, method);
                http::Response::from_parts(parts, body.to_bytes())
            }
            Err(error) => {
                let message = if error.is::<LengthLimitError>() {
                    format!(
                        "the answer is too large: no more than {largest} bytes of JSON can be sent this way"
                    )
                } else {
                    format!("the answer broke off: {error}")
                };
                self.host.note(Level::Error, &message, Some(id));
                convert::whole_response(Service::lost(ErrorKind::Internal, id, method))
            }
        }
    }
}

/// The method of a request; of one that has none that can be read, it is of no matter.
fn method(event: &Event) -> Method {
    let method = Method::parse(event.method().unwrap_or_default().as_bytes());
    method.unwrap_or(Method::GET)
}

/// Removes `content-length`, which the sender computes. Only the response to HEAD has a length that is not its own
/// (RFC 9110, section 9.3.2).
fn measured_by_sender(headers: &mut HeaderMap, method: &Method) {
    if *method != Method::HEAD {
        headers.remove(header::CONTENT_LENGTH);
    }
}

/// The time left for a request, down to zero. A deadline further in the past than any invocation lasts is ignored: it
/// comes from an emulator that does not know the time.
fn left(deadline: SystemTime, now: SystemTime) -> Option<Duration> {
    match deadline.duration_since(now) {
        Ok(left) => Some(left.saturating_sub(MARGIN.min(left / 2))),
        Err(past) => (past.duration() <= LONGEST).then_some(Duration::ZERO),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_what_is_left_of_its_time() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let ms = Duration::from_millis;
        let cases = [
            (now + ms(900_000), Some(ms(899_900))),
            (now + ms(250), Some(ms(150))),
            (now + ms(200), Some(ms(100))),
            (now + ms(100), Some(ms(50))),
            (now + ms(99), Some(ms(99) / 2)),
            (now + ms(2), Some(ms(1))),
            (now, Some(ms(0))),
            (now - ms(1), Some(ms(0))),
            (now - ms(900_000), Some(ms(0))),
            (now - ms(900_001), None),
            // Milliseconds since boot, as AWS's emulator has sent them.
            (SystemTime::UNIX_EPOCH + ms(5_000_000), None),
        ];
        for (deadline, wanted) in cases {
            assert_eq!(left(deadline, now), wanted, "{deadline:?}");
        }
    }
}
