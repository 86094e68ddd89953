//! Conversions between the host's messages and the core's types.

use guru_core::app::Later;
use guru_core::{Body, Context, Error, Headers, Method, Request, Response, Uri, adapter};
use wasip3::http::types::{self, ErrorCode, HeaderError};
use wasip3::wit_bindgen::{FutureWriter, StreamWriter};
use wasip3::{spawn, wit_future, wit_stream};

use crate::crash;

/// The method, as sent.
pub(crate) fn method(method: types::Method) -> Method {
    let token = match method {
        types::Method::Get => "GET".into(),
        types::Method::Head => "HEAD".into(),
        types::Method::Post => "POST".into(),
        types::Method::Put => "PUT".into(),
        types::Method::Delete => "DELETE".into(),
        types::Method::Connect => "CONNECT".into(),
        types::Method::Options => "OPTIONS".into(),
        types::Method::Trace => "TRACE".into(),
        types::Method::Patch => "PATCH".into(),
        types::Method::Other(token) => token,
    };
    // The host has validated it.
    Method::parse(token.as_bytes()).unwrap_or(Method::GET)
}

/// Converts the head of a request. Its authority becomes `host`: hosts remove that header.
pub(crate) fn request(request: &types::Request, method: &Method) -> Result<Request, Error> {
    let target = request.get_path_with_query().unwrap_or_default();
    let uri = Uri::parse(&*adapter::origin_form(&target)).map_err(adapter::malformed)?;
    let mut headers = Headers::new();
    for (name, value) in request.get_headers().copy_all() {
        headers.append(name, value).map_err(adapter::malformed)?;
    }
    if let Some(authority) = request.get_authority() {
        headers
            .insert("host", authority)
            .map_err(adapter::malformed)?;
    }
    Ok(Request::new(method.clone(), uri).with_headers(headers))
}

/// Converts response headers, except those that the host reserves: WASI lets a host forbid connection headers.
pub(crate) fn fields(headers: &Headers) -> Result<types::Fields, String> {
    let fields = types::Fields::new();
    for (name, value) in headers.iter() {
        match fields.append(name, value) {
            Ok(()) | Err(HeaderError::Forbidden) => {}
            Err(HeaderError::SizeExceeded) => {
                return Err("the host refuses so many headers".into());
            }
            Err(_) => return Err(format!("the host refuses the header `{name}`")),
        }
    }
    Ok(fields)
}

/// An answer. A stream is made as the host reads it; what the request goes on with comes behind.
pub(crate) fn response(
    response: Response,
    fields: types::Fields,
    method: &Method,
    cx: &Context,
) -> types::Response {
    let (status, _, body) = response.into_parts();
    // Said here, because the host sees a stream, and would send it in chunks (RFC 9110, section 8.6,
    // has none with 204, and none of its own with 304; the answer to HEAD has it already).
    let is_counted = !matches!(status.as_u16(), 204 | 304) && *method != Method::HEAD;
    if let (true, Some(size)) = (is_counted, body.size()) {
        // Should there be no room for it any more, the body is sent in chunks.
        let _ = fields.append("content-length", size.to_string().as_bytes());
    }
    let (trailers, no_trailers) = wit_future::new(|| Ok(None));
    // Before the host has the other end: a task would have to tell it that there are none, and outlive the response.
    let trailers = body.is_stream().then_some(trailers);
    let (writer, contents) = (!body.is_empty()).then(wit_stream::new).unzip();
    let (answer, _sent) = types::Response::new(fields, contents, no_trailers);
    let later = Later::of(cx);
    if body.is_stream() || later.is_put_off() {
        let cx = cx.clone();
        let sent = async move {
            let is_read = match writer {
                Some(writer) => send(body, writer, trailers).await,
                None => true,
            };
            if let (true, Some(work)) = (is_read, later.work()) {
                work.await;
            }
        };
        spawn(async move { crash::name(cx.request_id(), sent).await });
    } else if let (Some(mut writer), Ok(bytes)) = (writer, body.into_bytes()) {
        // The host reads it once it has the head. If it gives up, so does this.
        spawn(async move {
            writer.write_all(bytes.into()).await;
        });
    }
    // The core ensures a final status, which is always valid in HTTP.
    let _ = answer.set_status_code(status.as_u16());
    answer
}

pub(crate) type Trailers = FutureWriter<Result<Option<types::Fields>, ErrorCode>>;

/// Makes a stream for as long as the host reads it. One that breaks off is said to, by what would stand behind it. Returns
/// whether the host still reads. (After a stream that broke off there is nothing to go on with: core has dropped it.)
pub(crate) async fn send(
    mut body: Body,
    mut writer: StreamWriter<u8>,
    trailers: Option<Trailers>,
) -> bool {
    loop {
        match body.chunk().await {
            Ok(Some(chunk)) => {
                let unread = writer.write_all(chunk.into()).await;
                if !unread.is_empty() {
                    // Nobody reads on: the handler's future is dropped.
                    return false;
                }
            }
            Ok(None) => return true,
            Err(_) => {
                drop(writer);
                if let Some(trailers) = trailers {
                    let _ = trailers.write(Err(ErrorCode::InternalError(None))).await;
                }
                return true;
            }
        }
    }
}
