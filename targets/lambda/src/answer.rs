//! Handles one invocation: from its event to the host and back.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use guru_core::adapter::refusal;
use guru_core::http::convert;
use guru_core::ports::Level;
use guru_core::{ErrorKind, Method, Service};
use guru_host::{Body, BodyError, Caller, Host};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use http_body_util::{BodyDataStream, BodyExt as _, Either, Full, LengthLimitError, Limited};
use lambda_runtime::{Context, FunctionResponse, LambdaEvent, MetadataPrelude, StreamResponse};
use tokio::time::Instant;

use crate::convert::request;
use crate::encode::{Answer, cookies, joined};
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
type Content = Either<Body, Full<Bytes>>;

pub(crate) type Response = FunctionResponse<Answer, BodyDataStream<Content>>;

impl Function {
    pub(crate) fn new(host: Host, deployment: Deployment) -> Self {
        Self { host, deployment }
    }

    /// Handles an invocation.
    ///
    /// # Errors
    ///
    /// For an event that is not a request, which is a mistake in the function's configuration.
    pub(crate) async fn answer(&self, event: LambdaEvent<Event>) -> Result<Response, Error> {
        let (mut event, context) = event.into_parts();
        let kind = event.kind()?;
        let id = context.request_id.clone();
        let method = Method::parse(event.method().unwrap_or_default().as_bytes());
        let method = method.unwrap_or(Method::GET);
        let request = request(&mut event, kind, &self.deployment.mount);
        let request =
            request.map_err(|error| convert::whole_response(refusal(&id, &method, &error)));
        let response = match request {
            Ok((request, client_ip)) => self
                .ask(request, client_ip, context)
                .await
                .map(Either::Left),
            Err(refused) => refused.map(|body| Either::Right(Full::new(body))),
        };
        if self.deployment.is_streaming && kind == Kind::FunctionUrl {
            return Ok(self.stream(response, &id, &method));
        }
        let largest = match kind {
            Kind::LoadBalancer { .. } => LARGEST_BALANCED,
            Kind::Rest | Kind::Http | Kind::FunctionUrl | Kind::Lattice => LARGEST,
        };
        let response = self.whole(response, &id, &method, largest).await;
        let answer = Answer::new(kind, response);
        if answer.fits(largest) {
            return Ok(FunctionResponse::BufferedResponse(answer));
        }
        let message = format!(
            "the answer is too large: its {} bytes and its headers take more than {largest} bytes of JSON, which \
             is all that can be sent this way",
            answer.content()
        );
        self.host.note(Level::Error, &message, Some(&id));
        let lost = convert::whole_response(Service::lost(ErrorKind::Internal, &id, &method));
        Ok(FunctionResponse::BufferedResponse(Answer::new(kind, lost)))
    }

    /// The function's response.
    async fn ask(
        &self,
        mut request: http::Request<Bytes>,
        client_ip: Option<IpAddr>,
        context: Context,
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
            request_id: context.request_id,
        };
        let whole = |body| Full::new(body).map_err(|never| -> BodyError { match never {} });
        self.host.answer(request.map(whole), caller).await
    }

    /// A streamed response, which a Function URL passes on as it arrives.
    fn stream(&self, response: http::Response<Content>, id: &str, method: &Method) -> Response {
        let (parts, body) = response.into_parts();
        let (metadata_prelude, unfit) = prelude(parts, method);
        for name in unfit {
            let message = format!("the header {name} is left out: it is not ASCII, and streamed");
            self.host.note(Level::Warn, &message, Some(id));
        }
        FunctionResponse::StreamingResponse(StreamResponse {
            metadata_prelude,
            stream: BodyDataStream::new(body),
        })
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

/// The head of a streamed response, and the names of the headers that are omitted from it.
///
/// The library that speaks to Lambda writes the head. It can only write ASCII headers, and sets
/// `application/octet-stream` if the function sets no type.
fn prelude(
    mut parts: http::response::Parts,
    method: &Method,
) -> (MetadataPrelude, Vec<HeaderName>) {
    measured_by_sender(&mut parts.headers, method);
    let mut headers = joined(&parts.headers);
    let unfit = headers.iter().filter(|(_, value)| value.to_str().is_err());
    let unfit: Vec<_> = unfit.map(|(name, _)| name.clone()).collect();
    for name in &unfit {
        headers.remove(name);
    }
    let prelude = MetadataPrelude {
        status_code: parts.status,
        headers,
        cookies: cookies(&parts.headers),
    };
    (prelude, unfit)
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

    #[test]
    fn only_the_answer_to_head_has_a_length_of_its_own() {
        for (method, wanted) in [(Method::GET, None), (Method::HEAD, Some("7"))] {
            let response = http::Response::builder()
                .header("content-length", "7")
                .header("x-kept", "1")
                .header("x-lost", "é")
                .header("set-cookie", "a=1")
                .body(())
                .unwrap();
            let (prelude, unfit) = prelude(response.into_parts().0, &method);
            let found = prelude.headers.get(header::CONTENT_LENGTH);
            assert_eq!(found.map(|value| value.to_str().unwrap()), wanted);
            assert_eq!(prelude.headers["x-kept"], "1");
            assert_eq!(unfit, ["x-lost"]);
            assert_eq!(prelude.cookies, ["a=1"]);
        }
    }
}
