//! Converts a function's response to what the client receives, as each front end does.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use crate::Front;

/// What a front end reads of a response.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FunctionResponse {
    status_code: u16,
    #[serde(default)]
    headers: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    multi_value_headers: Option<BTreeMap<String, Vec<String>>>,
    #[serde(default)]
    cookies: Option<Vec<String>>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// The response; or why there is none, if the function's output is invalid.
pub(crate) fn response(front: Front, answer: &[u8]) -> Result<Response<Bytes>, String> {
    let (answer, streamed) = match streamed(answer).filter(|_| front == Front::Url) {
        Some((prelude, body)) => (prelude, Some(body)),
        None => (answer, None),
    };
    let shown = || String::from_utf8_lossy(answer.get(..400).unwrap_or(answer)).into_owned();
    let answer: FunctionResponse =
        serde_json::from_slice(answer).map_err(|error| format!("{error}: {}", shown()))?;
    let status = StatusCode::from_u16(answer.status_code).map_err(|error| error.to_string())?;
    let body = match (streamed, answer.body, answer.is_base64_encoded) {
        (Some(body), ..) => body.to_vec(),
        (None, Some(body), true) => STANDARD.decode(body).map_err(|error| error.to_string())?,
        (None, body, _) => body.unwrap_or_default().into_bytes(),
    };
    let mut headers = HeaderMap::new();
    let mut append = |name: &str, value: &str| {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| error.to_string())?;
        let value =
            HeaderValue::from_str(value).or_else(|_| HeaderValue::from_bytes(value.as_bytes()));
        headers.append(name, value.map_err(|error| error.to_string())?);
        Ok::<_, String>(())
    };
    // A load balancer reads the kind that it is configured for; API Gateway's REST API reads both; payloads of
    // version 2.0 have single values and cookies.
    let reads_lists = matches!(front, Front::Rest | Front::Alb);
    let reads_singles = front != Front::Alb;
    if reads_lists {
        for (name, values) in answer.multi_value_headers.iter().flatten() {
            for value in values {
                append(name, value)?;
            }
        }
    }
    if reads_singles {
        for (name, value) in answer.headers.iter().flatten() {
            match value {
                Value::String(value) => append(name, value)?,
                value => append(name, &value.to_string())?,
            }
        }
    }
    if matches!(front, Front::Http | Front::Url) {
        for cookie in answer.cookies.iter().flatten() {
            append("set-cookie", cookie)?;
        }
    }
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

/// The head and the body of a streamed response, which the emulator buffers. They are separated by eight zero bytes,
/// which never occur in JSON.
fn streamed(answer: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = answer.windows(8).position(|window| window == [0; 8])?;
    Some((answer.get(..at)?, answer.get(at + 8..)?))
}

/// A response of the front end itself.
pub(crate) fn own(front: Front, status: StatusCode) -> Response<Bytes> {
    let text = match (front, status) {
        (Front::Rest, StatusCode::PAYLOAD_TOO_LARGE) => r#"{"message":"Request Too Long"}"#,
        (Front::Rest, StatusCode::BAD_GATEWAY) => r#"{"message":"Internal server error"}"#,
        (Front::Rest, StatusCode::NOT_FOUND) => r#"{"message":"Missing Authentication Token"}"#,
        (Front::Http, StatusCode::PAYLOAD_TOO_LARGE) => r#"{"message":"Request Entity Too Large"}"#,
        (Front::Http, StatusCode::NOT_FOUND) => r#"{"message":"Not Found"}"#,
        // Refused while the head is read, before it is known whose request it is.
        (_, StatusCode::BAD_REQUEST | StatusCode::NOT_IMPLEMENTED) => {
            status.canonical_reason().unwrap_or_default()
        }
        (Front::Http, _) => r#"{"message":"Internal Server Error"}"#,
        (_, status) => status.canonical_reason().unwrap_or_default(),
    };
    let mut response = Response::new(Bytes::from_static(text.as_bytes()));
    *response.status_mut() = status;
    response
}
