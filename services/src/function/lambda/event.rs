//! The event that a function gets, and the answer that it gives.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// What is between the head of an answer that the function streams and its content: eight zero bytes
/// (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming>).
const SEPARATOR: [u8; 8] = [0; 8];

/// The event of a request.
pub(super) fn of(head: &Parts, body: &[u8], name: &str, region: &str) -> Bytes {
    let mut headers = Map::new();
    let mut cookies = Vec::new();
    for field in head.headers.keys() {
        let values = head.headers.get_all(field).iter();
        let values: Vec<_> = values.map(text).collect();
        if field == header::COOKIE {
            let each = values.iter().flat_map(|value| value.split("; "));
            cookies.extend(each.map(str::to_owned));
        }
        let between = if field == header::COOKIE { "; " } else { "," };
        headers.insert(field.as_str().to_owned(), values.join(between).into());
    }
    let path = head.uri.path();
    let query = head.uri.query().unwrap_or_default();
    // What belongs to a name of a host: an ARN has colons in it.
    let host = name.rsplit(':').next().unwrap_or(name);
    let domain = format!("{host}.lambda-url.{region}.on.aws");
    headers.insert("host".into(), domain.as_str().into());
    if !body.is_empty() {
        headers.insert("content-length".into(), body.len().to_string().into());
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |now| u64::try_from(now.as_millis()).unwrap_or(u64::MAX));
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "domainName": domain,
            "domainPrefix": host,
            "http": {"method": head.method.as_str(), "path": path, "protocol": "HTTP/1.1"},
            "requestId": uuid::Uuid::new_v4().to_string(),
            "routeKey": "$default",
            "stage": "$default",
            "timeEpoch": now,
        },
        "isBase64Encoded": false,
    });
    if let Some(event) = event.as_object_mut() {
        if !cookies.is_empty() {
            event.insert("cookies".into(), cookies.into());
        }
        if !query.is_empty() {
            let pairs = form_urlencoded::parse(query.as_bytes());
            let mut parameters = Map::new();
            for (key, value) in pairs {
                match parameters.get_mut(&*key) {
                    Some(Value::String(known)) => {
                        known.push(',');
                        known.push_str(&value);
                    }
                    _ => {
                        parameters.insert(key.into_owned(), value.into_owned().into());
                    }
                }
            }
            event.insert("queryStringParameters".into(), parameters.into());
        }
        if !body.is_empty() {
            event.insert("isBase64Encoded".into(), true.into());
            event.insert("body".into(), BASE64_STANDARD.encode(body).into());
        }
    }
    event.to_string().into()
}

/// A header's value as JSON has it, a character for each byte that is not UTF-8.
fn text(value: &HeaderValue) -> String {
    let bytes = value.as_bytes();
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Said {
    status_code: u16,
    #[serde(default)]
    headers: Map<String, Value>,
    #[serde(default)]
    multi_value_headers: Map<String, Value>,
    #[serde(default)]
    cookies: Vec<String>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// The answer that is meant. Nothing for what is none.
pub(super) fn answer(payload: &[u8]) -> Option<Response<Bytes>> {
    // A head in JSON has no zero byte in it.
    let end = payload
        .windows(SEPARATOR.len())
        .position(|bytes| bytes == SEPARATOR);
    let (head, streamed) = match end {
        Some(end) => (
            payload.get(..end)?,
            payload.get(end.checked_add(SEPARATOR.len())?..),
        ),
        None => (payload, None),
    };
    let said: Said = serde_json::from_slice(head).ok()?;
    let body = match (streamed, said.body) {
        (Some(content), _) => Bytes::copy_from_slice(content),
        (None, Some(text)) if said.is_base64_encoded => BASE64_STANDARD.decode(text).ok()?.into(),
        (None, text) => text.unwrap_or_default().into(),
    };
    let mut answer = Response::new(body);
    *answer.status_mut() = StatusCode::from_u16(said.status_code).ok()?;
    let fields = said.headers.iter().chain(&said.multi_value_headers);
    for (name, value) in fields {
        let values = match value {
            Value::Array(values) => values.as_slice(),
            one => std::slice::from_ref(one),
        };
        for value in values {
            append(&mut answer, name, value);
        }
    }
    for cookie in said.cookies {
        append(&mut answer, header::SET_COOKIE.as_str(), &cookie.into());
    }
    Some(answer)
}

/// A header that HTTP does not have is left out.
fn append(answer: &mut Response<Bytes>, name: &str, value: &Value) {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let name = HeaderName::from_bytes(name.as_bytes());
    if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(text.as_bytes())) {
        answer.headers_mut().append(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_an_event_of_a_function_url() {
        let request = http::Request::builder()
            .method("PATCH")
            .uri("http://greeter/a%2Fb?x=1&x=2&y=%20")
            .header("x-a", "1")
            .header("x-a", "2")
            .header("cookie", "a=1; b=2")
            .body(())
            .unwrap();
        let (head, ()) = request.into_parts();
        let arn = "arn:aws:lambda:eu-west-1:1:function:greeter";
        let event = of(&head, b"\xff", arn, "eu-west-1");
        let event: Value = serde_json::from_slice(&event).unwrap();
        for (pointer, wanted) in [
            ("/rawPath", json!("/a%2Fb")),
            ("/rawQueryString", json!("x=1&x=2&y=%20")),
            ("/queryStringParameters/x", json!("1,2")),
            ("/headers/x-a", json!("1,2")),
            (
                "/headers/host",
                json!("greeter.lambda-url.eu-west-1.on.aws"),
            ),
            ("/cookies", json!(["a=1", "b=2"])),
            ("/requestContext/http/method", json!("PATCH")),
            ("/body", json!("/w==")),
            ("/isBase64Encoded", json!(true)),
        ] {
            assert_eq!(event.pointer(pointer), Some(&wanted), "{pointer}");
        }
    }

    #[test]
    fn an_answer_is_read_in_whatever_form_it_has() {
        for (payload, status, header, body) in [
            (
                &br#"{"statusCode":201,"headers":{"x-a":"1"},"body":"\u0000\u0000"}"#[..],
                201,
                Some("1"),
                &b"\0\0"[..],
            ),
            (
                br#"{"statusCode":200,"multiValueHeaders":{"x-a":["1","2"]},"isBase64Encoded":true,"body":"/w=="}"#,
                200,
                Some("1"),
                b"\xff",
            ),
            (
                b"{\"statusCode\":404,\"headers\":{}}\0\0\0\0\0\0\0\0none\0\0\0\0\0\0\0\0",
                404,
                None,
                b"none\0\0\0\0\0\0\0\0",
            ),
            (br#"{"statusCode":204,"cookies":["a=1"]}"#, 204, None, b""),
        ] {
            let answer = answer(payload).unwrap();
            assert_eq!(answer.status().as_u16(), status);
            let found = answer.headers().get("x-a").map(|value| value.to_str().unwrap());
            assert_eq!(found, header);
            assert_eq!(&answer.body()[..], body);
        }
        for wrong in [
            &b""[..],
            b"null",
            b"\"hello\"",
            br#"{"message":"hi"}"#,
            br#"{"statusCode":99}"#,
            br#"{"statusCode":200,"isBase64Encoded":true,"body":"?"}"#,
        ] {
            assert!(answer(wrong).is_none(), "{wrong:?}");
        }
    }
}
