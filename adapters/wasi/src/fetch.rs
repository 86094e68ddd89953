//! Outbound HTTP, by `wasi:http/client`. A function that does not fetch does not import it.

use std::borrow::Cow;
use std::pin::Pin;
use std::rc::Rc;

use guru_core::adapter::expects_content;
use guru_core::http::Scheme;
use guru_core::ports::{self, Error, ErrorKind, FetchRequest};
use guru_core::{Body, Headers, Method, Response, Status};
use wasip3::http::client;
use wasip3::http::types::{self, ErrorCode};
use wasip3::{spawn, wit_future, wit_stream};

use crate::convert;
use crate::reader::{Reader, Source};

/// Outbound HTTP, for a function that declares it.
#[must_use]
pub fn fetch() -> Rc<dyn ports::Fetch> {
    Rc::new(Fetch)
}

struct Fetch;

impl ports::Fetch for Fetch {
    fn fetch(
        &self,
        request: FetchRequest,
    ) -> Pin<Box<dyn Future<Output = Result<Response, Error>>>> {
        Box::pin(async move {
            let authority = request.url().authority().to_owned();
            send(request, &authority).await
        })
    }
}

/// Sends a request to the server with this authority.
pub(crate) async fn send(mut request: FetchRequest, authority: &str) -> Result<Response, Error> {
    let is_head = *request.method() == Method::HEAD;
    let body = request.take_body();
    let outgoing = outgoing(&request, authority, body)?;
    let answer = client::send(outgoing).await;
    answer
        .map(|answer| received(answer, is_head))
        .map_err(|code| failed(request.url().authority(), code))
}

/// The host's request. Its content is sent as the host reads it.
fn outgoing(request: &FetchRequest, authority: &str, body: Body) -> Result<types::Request, Error> {
    let invalid = |why: Cow<'static, str>| Error::new(ErrorKind::Invalid, why);
    let fields = convert::fields(request.headers()).map_err(|why| invalid(why.into()))?;
    let says_nothing = expects_content(request.method().as_str());
    if let Some(size) = body.size().filter(|size| *size > 0 || says_nothing) {
        let added = fields.append("content-length", size.to_string().as_bytes());
        added.map_err(|_| invalid("the host refuses `content-length`".into()))?;
    }
    let (trailers, no_trailers) = wit_future::new(|| Ok(None));
    let trailers = body.is_stream().then_some(trailers);
    let (writer, contents) = (!body.is_empty()).then(wit_stream::new).unzip();
    let (outgoing, _sent) = types::Request::new(fields, contents, no_trailers, None);
    let url = request.url();
    let scheme = match url.scheme() {
        Scheme::Http => types::Scheme::Http,
        Scheme::Https => types::Scheme::Https,
    };
    let uri = url.uri().to_string();
    let is_set = outgoing.set_method(&method(request.method())).is_ok()
        && outgoing.set_scheme(Some(&scheme)).is_ok()
        && outgoing.set_authority(Some(authority)).is_ok()
        && outgoing.set_path_with_query(Some(&uri)).is_ok();
    if !is_set {
        return Err(invalid("the host refuses the method or the URL".into()));
    }
    if let Some(writer) = writer {
        // Ends with the call: the host reads no more of it then.
        spawn(async move {
            convert::send(body, writer, trailers).await;
        });
    }
    Ok(outgoing)
}

fn method(method: &Method) -> types::Method {
    match method.as_str() {
        "GET" => types::Method::Get,
        "HEAD" => types::Method::Head,
        "POST" => types::Method::Post,
        "PUT" => types::Method::Put,
        "DELETE" => types::Method::Delete,
        "OPTIONS" => types::Method::Options,
        "TRACE" => types::Method::Trace,
        "PATCH" => types::Method::Patch,
        other => types::Method::Other(other.to_owned()),
    }
}

fn received(answer: types::Response, is_head: bool) -> Response {
    let status = Status::new(answer.get_status_code());
    let mut headers = Headers::new();
    for (name, value) in answer.get_headers().copy_all() {
        // The host has read them. One that HTTP does not have is left out.
        let _ = headers.append(name, value);
    }
    let size = headers.get_str("content-length");
    let size: Option<u64> = size.and_then(|size| size.parse().ok());
    let response = Response::new(status).with_headers(headers);
    if is_head || status.is_bodiless() || size == Some(0) {
        return response;
    }
    let (_outcome, outcome) = wit_future::new(|| Ok(()));
    let (stream, trailers) = types::Response::consume_body(answer, outcome);
    // Dropping it cancels the call.
    let answer = Source::Idle(Reader::new(stream, trailers, size));
    response.with_body(match size {
        Some(size) => Body::sized_stream(size, answer),
        None => Body::stream(answer),
    })
}

/// Formatting an `ErrorCode` itself would add code for all its variants.
fn failed(host: &str, code: ErrorCode) -> Error {
    let (kind, what) = match code {
        ErrorCode::DnsTimeout | ErrorCode::DnsError(_) => (ErrorKind::Dns, "its name is not known"),
        ErrorCode::DestinationNotFound
        | ErrorCode::DestinationUnavailable
        | ErrorCode::DestinationIpUnroutable
        | ErrorCode::ConnectionRefused
        | ErrorCode::ConnectionTimeout => (ErrorKind::Connect, "it cannot be reached"),
        ErrorCode::TlsProtocolError
        | ErrorCode::TlsCertificateError
        | ErrorCode::TlsAlertReceived(_) => (ErrorKind::Tls, "it cannot be trusted"),
        ErrorCode::DestinationIpProhibited | ErrorCode::HttpRequestDenied => (
            ErrorKind::Denied,
            "the host of this function does not allow it",
        ),
        ErrorCode::ConnectionLimitReached => {
            (ErrorKind::Unavailable, "there is no room for it now")
        }
        ErrorCode::HttpRequestBodySize(_) => {
            (ErrorKind::TooLarge, "the request is too large for it")
        }
        ErrorCode::HttpResponseTimeout => (ErrorKind::Timeout, "it did not answer in time"),
        ErrorCode::HttpRequestMethodInvalid | ErrorCode::HttpRequestUriInvalid => {
            (ErrorKind::Invalid, "the request cannot be sent")
        }
        ErrorCode::ConnectionTerminated
        | ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout
        | ErrorCode::HttpResponseIncomplete
        | ErrorCode::HttpProtocolError => (ErrorKind::Broken, "the connection broke off"),
        ErrorCode::InternalError(Some(why)) => {
            return Error::new(ErrorKind::Other, format!("{host} did not answer: {why}"));
        }
        _ => (ErrorKind::Other, "the host has no reason"),
    };
    Error::new(kind, format!("{host} did not answer: {what}"))
}
