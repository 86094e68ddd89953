//! From the platform's messages to the core's and back. It must not decide what an answer is.

use bytes::Bytes;
use guru_core::{Body, Error, ErrorKind, Headers, Method, Request};
use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;
use worker_sys::ext::ResponseInitExt as _;

/// The method, which the platform has checked.
pub(crate) fn method(request: &web_sys::Request) -> Method {
    Method::parse(request.method().as_bytes()).unwrap_or(Method::GET)
}

/// The head of a request.
pub(crate) fn request(request: &web_sys::Request, method: &Method) -> Result<Request, Error> {
    let refused =
        |error: guru_core::http::Error| Error::new(ErrorKind::BadRequest, error.to_string());
    let uri = guru_core::Uri::parse(target(&request.url())).map_err(refused)?;
    let mut headers = Headers::new();
    for field in Array::from(&request.headers()).iter() {
        let field: Array = field.unchecked_into();
        let name = field.get(0).as_string().unwrap_or_default();
        let value = field.get(1).as_string().unwrap_or_default();
        headers.append(name, value).map_err(refused)?;
    }
    Ok(Request::new(method.clone(), uri).with_headers(headers))
}

/// The path and query of a URL, as they stand in it: a URL object would rewrite them.
fn target(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let start = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let target = rest.get(start..).unwrap_or_default();
    let target = target.split('#').next().unwrap_or_default();
    if target.starts_with('/') {
        target.to_owned()
    } else {
        format!("/{target}")
    }
}

/// A body as the entry module hands it over.
pub(crate) fn body(body: &JsValue) -> Result<Body, Error> {
    if body.is_undefined() {
        return Ok(Body::over_limit());
    }
    match body.dyn_ref::<Uint8Array>() {
        Some(bytes) => Ok(bytes.to_vec().into()),
        None => Err(Error::new(
            ErrorKind::BadRequest,
            "the body broke off before its end",
        )),
    }
}

/// An answer. A body that is not in memory cannot be here yet: nothing makes one.
pub(crate) fn response(response: guru_core::Response) -> Result<web_sys::Response, JsValue> {
    let (status, headers, body) = response.into_parts();
    let fields = web_sys::Headers::new()?;
    for (name, value) in headers.iter() {
        fields.append(name, &text(value))?;
    }
    let mut init = web_sys::ResponseInit::new();
    init.set_status(status.as_u16());
    init.set_headers(&fields);
    // The bytes are in whatever coding the handler says: they are not to be compressed again
    // (<https://developers.cloudflare.com/workers/runtime-apis/response/>, `encodeBody`).
    init.encode_body("manual")?;
    let body: Bytes = body.into_bytes().unwrap_or_default();
    if body.is_empty() {
        return web_sys::Response::new_with_opt_str_and_init(None, &init);
    }
    let body = Uint8Array::from(&*body);
    web_sys::Response::new_with_opt_js_u8_array_and_init(Some(&body), &init)
}

/// A header's value as the text that the platform writes in UTF-8. What is not UTF-8 is read as
/// Latin-1, which HTTP had before it: the letters arrive, in other bytes.
fn text(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) => value.iter().map(|byte| char::from(*byte)).collect(),
    }
}
