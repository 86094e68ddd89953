//! Functions on AWS Lambda, by its `Invoke` (<https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>): the request is an event
//! as that of a Function URL, and the answer what a function answers there
//! (<https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html>).

mod event;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::SignableBody;
use bytes::{Bytes, BytesMut};
use guru_client::{Body, Client};
use guru_core::ports::{Error, ErrorKind};
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use serde::Deserialize;
use tokio::sync::Semaphore;

use crate::aws::{self, Place, Source};

/// How large an event and an answer may be (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>, "Invocation
/// payload").
const LARGEST: usize = 6 * 1024 * 1024;

/// The same for an answer, which Lambda lets be a little larger.
const LARGEST_ANSWER: usize = LARGEST + 1024;

/// How many calls this process makes at once; more wait. Each has its event and its answer in memory, of up to 6 MiB, several times.
static PLACES: Semaphore = Semaphore::const_new(16);

/// What Lambda says of an answer that is none: the function has failed.
const FUNCTION_ERROR: &str = "x-amz-function-error";

/// A function on AWS Lambda, as a setting names it: `lambda://NAME`, or by its ARN, with a version or an alias behind a colon.
///
/// Where the setting says nothing, the region is the ARN's or that of `AWS_REGION`, and the endpoint that of `AWS_ENDPOINT_URL_LAMBDA`
/// or `AWS_ENDPOINT_URL`, or else Amazon's own in that region.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LambdaFunction {
    name: String,
    place: Place,
}

impl LambdaFunction {
    /// Reads what stands behind `lambda:` in a setting.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (name, query) = text.split_once('?').unwrap_or((text, ""));
        let is_name = !name.is_empty()
            && name.len() <= 170
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b":_-$".contains(&byte));
        let is_whole = !name.starts_with("arn:") || name.split(':').nth(6).is_some();
        let is_name = is_name && is_whole;
        Some(Self {
            name: is_name.then(|| name.to_owned())?,
            place: Place::read(query).filter(|place| !place.is_made)?,
        })
    }

    /// The region: that of the ARN is the only one where the function is.
    fn region(&self) -> Result<String, Error> {
        let mut parts = self.name.split(':');
        match (parts.next(), parts.nth(2)) {
            (Some("arn"), Some(region)) => Ok(region.to_owned()),
            _ => self.place.region(),
        }
    }

    fn endpoint(&self, region: &str) -> String {
        let named = self.place.endpoint("AWS_ENDPOINT_URL_LAMBDA");
        // https://docs.aws.amazon.com/general/latest/gr/lambda-service.html
        named.unwrap_or_else(|| format!("https://lambda.{region}.{}", aws::domain(region)))
    }

    pub(super) async fn send(
        &self,
        client: &Client,
        request: Request<Body>,
    ) -> Result<Response<Bytes>, Error> {
        let name = &self.name;
        let region = self.region()?;
        // It is never closed.
        let _place = PLACES.acquire().await;
        let (head, body) = request.into_parts();
        let body = collected(body, name).await?;
        let event = event::of(&head, &body, name, &region);
        if event.len() > LARGEST {
            return Err(too_large(name));
        }
        let source = source(&region);
        let credentials = source.get(client).await?;
        let ask = self.ask(&region, &credentials, event)?;
        let answer = client.send(ask).await?;
        let (said, body) = answer.into_parts();
        let body = Limited::new(body, LARGEST_ANSWER).collect().await;
        let body = body.map_err(|error| {
            Error::new(
                ErrorKind::Broken,
                format!("the answer of the function {name} broke off: {error}"),
            )
        })?;
        let body = body.to_bytes();
        if said.status != StatusCode::OK {
            let error = self.refused(said.status, &said.headers, &body);
            if error.kind() == ErrorKind::Denied {
                // They may be at their end.
                source.forget().await;
            }
            return Err(error);
        }
        if said.headers.contains_key(FUNCTION_ERROR) {
            let message = format!("the function {name} failed: its log on AWS says why");
            return Err(Error::new(ErrorKind::Broken, message));
        }
        event::answer(&body).ok_or_else(|| {
            let message = format!(
                "what the function {name} gave is no answer to a request: it has neither a status nor is it JSON"
            );
            Error::new(ErrorKind::Broken, message)
        })
    }

    /// The request of Lambda's API that calls the function with this event.
    fn ask(
        &self,
        region: &str,
        credentials: &Credentials,
        event: Bytes,
    ) -> Result<Request<Body>, Error> {
        let name = &self.name;
        let uri = format!(
            "{}/2015-03-31/functions/{}/invocations",
            self.endpoint(region),
            name.replace(':', "%3A").replace('$', "%24")
        );
        let invalid = |what: &str| {
            let message = format!("the function {name} cannot be called: {what}");
            Error::new(ErrorKind::Unavailable, message)
        };
        let mut ask = Request::new(());
        *ask.method_mut() = Method::POST;
        *ask.uri_mut() = uri.parse().map_err(|_| invalid("the endpoint is no URL"))?;
        let json = HeaderValue::from_static("application/json");
        ask.headers_mut().insert(header::CONTENT_TYPE, json);
        let content = SignableBody::Bytes(&event);
        aws::sign(&mut ask, "lambda", region, credentials, content)
            .ok_or_else(|| invalid("the request cannot be signed"))?;
        let content = Full::new(event).map_err(|never| match never {});
        Ok(ask.map(|()| content.boxed_unsync()))
    }

    /// Why Lambda refuses a call (<https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors>).
    fn refused(&self, status: StatusCode, headers: &http::HeaderMap, body: &[u8]) -> Error {
        #[derive(Default, Deserialize)]
        struct Said {
            #[serde(alias = "message", rename = "Message", default)]
            message: String,
        }
        let said: Said = serde_json::from_slice(body).unwrap_or_default();
        let name = headers
            .get("x-amzn-errortype")
            .and_then(|name| name.to_str().ok());
        let name = name.and_then(|name| name.split(':').next());
        let name = name.unwrap_or_default();
        let kind = match (name, status) {
            ("ResourceNotFoundException", _) | (_, StatusCode::NOT_FOUND) => ErrorKind::Connect,
            (_, StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED) => ErrorKind::Denied,
            (_, StatusCode::TOO_MANY_REQUESTS | StatusCode::CONFLICT) => ErrorKind::Unavailable,
            ("RequestTooLargeException", _) | (_, StatusCode::PAYLOAD_TOO_LARGE) => {
                ErrorKind::TooLarge
            }
            // Whether it has run is not known.
            _ if status.is_server_error() => ErrorKind::Broken,
            _ => ErrorKind::Other,
        };
        let message = format!(
            "the function {}: {name} ({status}) {}",
            self.name, said.message
        );
        Error::new(kind, message)
    }
}

/// The content of a request, of which no more is kept than can be sent.
async fn collected(mut body: Body, name: &str) -> Result<Bytes, Error> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            let why = format!("the content for the function {name} broke off: {error}");
            Error::new(ErrorKind::Broken, why)
        })?;
        if let Ok(chunk) = frame.into_data() {
            if whole.len().saturating_add(chunk.len()) > LARGEST {
                return Err(too_large(name));
            }
            whole.extend_from_slice(&chunk);
        }
    }
    Ok(whole.freeze())
}

fn too_large(name: &str) -> Error {
    let message =
        format!("the function {name} takes {LARGEST} bytes of JSON, and the request has more");
    Error::new(ErrorKind::TooLarge, message)
}

/// The credentials for a region, once for all functions there.
fn source(region: &str) -> Arc<Source> {
    static ALL: LazyLock<Mutex<HashMap<String, Arc<Source>>>> = LazyLock::new(Mutex::default);
    let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(all.entry(region.to_owned()).or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_a_name_or_an_arn() {
        let arn = "arn:aws:lambda:eu-west-1:123456789012:function:greeter:live";
        for (text, region) in [
            ("greeter?region=us-east-1", Some("us-east-1")),
            (arn, Some("eu-west-1")),
            ("greeter:$LATEST?region=x", Some("x")),
        ] {
            let function = LambdaFunction::read(text).unwrap();
            assert_eq!(function.region().ok().as_deref(), region, "{text}");
        }
        let function = LambdaFunction::read("greeter?endpoint=http://127.0.0.1:1/").unwrap();
        assert_eq!(function.endpoint("x"), "http://127.0.0.1:1");
        let far = LambdaFunction::read("greeter").unwrap();
        assert_eq!(
            far.endpoint("cn-north-1"),
            "https://lambda.cn-north-1.amazonaws.com.cn"
        );
        for wrong in [
            "",
            "a/b",
            "a b",
            "ä",
            "arn:aws:lambda:eu-west-1",
            "a?create",
            "a?colour=red",
        ] {
            assert_eq!(LambdaFunction::read(wrong), None, "{wrong}");
        }
    }
}
