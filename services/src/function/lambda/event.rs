//! The event that a function gets, and the answer that it gives.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// What is between the head of an answer that the function streams and its content: eight zero bytes
/// (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming>).
const SEPARATOR: [u8; 8] = [0; 8];

/// The event of a request. What it has, and in which form, is what a Function URL sends, but for what is nobody's here: there is no
/// client, and so no address of one.
pub(super) fn of(head: &Parts, body: &[u8], name: &str, region: &str) -> Bytes {
    let path = head.uri.path();
    let query = head.uri.query().unwrap_or_default();
    let id = function_of(name);
    let domain = format!("{id}.lambda-url.{region}.on.aws");
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |now| u64::try_from(now.as_millis()).unwrap_or(u64::MAX));
    let agent = head.headers.get(header::USER_AGENT).map(text);
    let (headers, cookies) = fields(head, body, &domain);
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": id,
            "domainName": domain,
            "domainPrefix": id,
            "http": {
                "method": head.method.as_str(),
                "path": percent_decode_str(path).decode_utf8_lossy(),
                "protocol": "HTTP/1.1",
                "sourceIp": "",
                "userAgent": agent.unwrap_or_default(),
            },
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
            event.insert("queryStringParameters".into(), parameters(query).into());
        }
        match std::str::from_utf8(body) {
            _ if body.is_empty() => {}
            Ok(text) if is_text(head) => drop(event.insert("body".into(), text.into())),
            _ => {
                event.insert("isBase64Encoded".into(), true.into());
                event.insert("body".into(), BASE64_STANDARD.encode(body).into());
            }
        }
    }
    event.to_string().into()
}

/// The name of a function: an ARN has others before it, and either may have a version or an alias behind it.
fn function_of(name: &str) -> &str {
    let name = name.split_once(":function:").map_or(name, |(_, name)| name);
    name.split(':').next().unwrap_or(name)
}

/// Headers, each once with all of its values, and cookies.
fn fields(head: &Parts, body: &[u8], domain: &str) -> (Map<String, Value>, Vec<String>) {
    let mut headers = Map::new();
    let mut cookies = Vec::new();
    for field in head.headers.keys() {
        let values = head.headers.get_all(field).iter();
        let values: Vec<_> = values.map(text).collect();
        let between = if field == header::COOKIE { "; " } else { "," };
        if field == header::COOKIE {
            let each = values.iter().flat_map(|value| value.split("; "));
            cookies.extend(each.map(str::to_owned));
        }
        headers.insert(field.as_str().to_owned(), values.join(between).into());
    }
    headers.insert("host".into(), domain.into());
    if !body.is_empty() {
        headers.insert("content-length".into(), body.len().to_string().into());
    }
    (headers, cookies)
}

/// Parameters, each once with all of its values.
fn parameters(query: &str) -> Map<String, Value> {
    let mut parameters = Map::new();
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
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
    parameters
}

/// Whether a Function URL hands content on as text: it goes by its type.
fn is_text(head: &Parts) -> bool {
    let content_type = head.headers.get(header::CONTENT_TYPE).map(text);
    let content_type = content_type.unwrap_or_default().to_ascii_lowercase();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let is_text = essence.starts_with("text/")
        || [
            "application/json",
            "application/javascript",
            "application/xml",
        ]
        .contains(&essence);
    is_text && !head.headers.contains_key(header::CONTENT_ENCODING)
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
    headers: Option<Map<String, Value>>,
    multi_value_headers: Option<Map<String, Value>>,
    cookies: Option<Vec<String>>,
    body: Option<String>,
    is_base64_encoded: Option<bool>,
}

/// The answer that is meant. Nothing for what is none.
pub(super) fn answer(payload: &[u8]) -> Option<Response<Bytes>> {
    // A head in JSON has no zero byte in it.
    let end = payload
        .windows(SEPARATOR.len())
        .position(|bytes| bytes == SEPARATOR);
    if let Some(end) = end {
        let content = payload.get(end.checked_add(SEPARATOR.len())?..)?;
        let said: Said = serde_json::from_slice(payload.get(..end)?).ok()?;
        return headed(&said, Bytes::copy_from_slice(content));
    }
    let value: Value = serde_json::from_slice(payload).ok()?;
    if value.get("statusCode").is_none() {
        return Some(inferred(&value));
    }
    let mut said: Said = serde_json::from_value(value).ok()?;
    let body = said.body.take().unwrap_or_default();
    let body = if said.is_base64_encoded == Some(true) {
        BASE64_STANDARD.decode(body).ok()?.into()
    } else {
        body.into()
    };
    headed(&said, body)
}

/// What is meant by an output that says no status: the content of a 200
/// (<https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-response-payload>).
fn inferred(value: &Value) -> Response<Bytes> {
    let body = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut answer = Response::new(body.into());
    let json = HeaderValue::from_static("application/json");
    answer.headers_mut().insert(header::CONTENT_TYPE, json);
    answer
}

fn headed(said: &Said, body: Bytes) -> Option<Response<Bytes>> {
    let mut answer = Response::new(body);
    *answer.status_mut() = StatusCode::from_u16(said.status_code).ok()?;
    let singles = said.headers.iter().flatten();
    // The same name in both forms has all that is in the list.
    let lists = said.multi_value_headers.iter().flatten();
    let is_listed = |name: &str| {
        let mut names = lists.clone().map(|(listed, _)| listed);
        names.any(|listed| listed.eq_ignore_ascii_case(name))
    };
    let singles = singles.filter(|(name, _)| !is_listed(name));
    for (name, value) in singles.chain(lists.clone()) {
        let values = match value {
            Value::Array(values) => values.as_slice(),
            one => std::slice::from_ref(one),
        };
        for value in values {
            append(&mut answer, name, value);
        }
    }
    for cookie in said.cookies.iter().flatten() {
        let cookie = Value::from(cookie.as_str());
        append(&mut answer, header::SET_COOKIE.as_str(), &cookie);
    }
    Some(answer)
}

/// A header that HTTP does not have is left out.
fn append(answer: &mut Response<Bytes>, name: &str, value: &Value) {
    let text = match value {
        Value::Null => return,
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
            ("/requestContext/http/path", json!("/a/b")),
            ("/requestContext/http/sourceIp", json!("")),
            ("/body", json!("/w==")),
            ("/isBase64Encoded", json!(true)),
        ] {
            assert_eq!(event.pointer(pointer), Some(&wanted), "{pointer}");
        }
    }

    #[test]
    fn content_is_text_where_its_type_is() {
        for (content_type, body, is_text) in [
            ("application/json; charset=utf-8", &b"{}"[..], true),
            ("TEXT/plain", b"x", true),
            ("application/json", b"\xff", false),
            ("application/octet-stream", b"x", false),
            ("", b"x", false),
        ] {
            let request = http::Request::builder()
                .uri("http://greeter/")
                .header("content-type", content_type)
                .body(())
                .unwrap();
            let (mut head, ()) = request.into_parts();
            let said = |head: &Parts| -> Value {
                serde_json::from_slice(&of(head, body, "greeter:live", "r")).unwrap()
            };
            let event = said(&head);
            assert_eq!(event["isBase64Encoded"], json!(!is_text), "{content_type}");
            assert_eq!(event["requestContext"]["apiId"], json!("greeter"));
            let gzip = HeaderValue::from_static("gzip");
            head.headers.insert(header::CONTENT_ENCODING, gzip);
            assert_eq!(said(&head)["isBase64Encoded"], json!(true));
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
            // As a function in Go says it.
            (
                br#"{"statusCode":200,"headers":null,"multiValueHeaders":null,"cookies":null,"body":"x","isBase64Encoded":null}"#,
                200,
                None,
                b"x",
            ),
            (
                br#"{"statusCode":200,"headers":{"x-a":"2","x-b":null},"multiValueHeaders":{"x-a":["1"]}}"#,
                200,
                Some("1"),
                b"",
            ),
            (br#"{"message":"hi"}"#, 200, None, br#"{"message":"hi"}"#),
            (br#""hello""#, 200, None, b"hello"),
        ] {
            let answer = answer(payload).unwrap();
            assert_eq!(answer.status().as_u16(), status);
            let found = answer.headers().get("x-a").map(|value| value.to_str().unwrap());
            assert_eq!(found, header);
            assert_eq!(&answer.body()[..], body);
        }
        for wrong in [
            &b""[..],
            b"<html>",
            br#"{"statusCode":99}"#,
            br#"{"statusCode":200,"isBase64Encoded":true,"body":"?"}"#,
        ] {
            assert!(answer(wrong).is_none(), "{wrong:?}");
        }
    }
}
