//! `/respond`: responds as instructed, without validation: the suite asks for impossible responses on purpose.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guru::prelude::*;

#[derive(Deserialize)]
#[serde(crate = "guru::serde")]
struct ResponseSpec {
    status: i64,
    #[serde(default)]
    headers: Vec<(String, String)>,
    #[serde(default)]
    body_base64: String,
}

pub(crate) async fn respond(_cx: Context, mut req: Request) -> Result<Response> {
    // The wire format does not require a content type.
    let answer: ResponseSpec = req.json_any().await?;
    let body = STANDARD
        .decode(answer.body_base64)
        .map_err(|error| Error::field("body_base64", error))?;
    // A number that HTTP cannot represent is not lost: 0 is as impossible as 70,000.
    let status = Status::new(u16::try_from(answer.status).unwrap_or(0));
    let mut response = Response::new(status).with_body(body);
    for (index, (name, value)) in answer.headers.iter().enumerate() {
        let field = format!("headers[{index}]");
        let value = bytes(value).ok_or_else(|| {
            Error::field(&field, "a character stands for one byte, U+0000 to U+00FF")
        })?;
        response
            .headers_mut()
            .append(name, value)
            .map_err(|error| Error::field(&field, error))?;
    }
    Ok(response)
}

/// A string with one character per byte as bytes ("isomorphic encode", WHATWG Infra), so that a client can ask for any byte.
pub(crate) fn bytes(value: &str) -> Option<Vec<u8>> {
    value
        .chars()
        .map(|character| u8::try_from(character).ok())
        .collect()
}

/// An error of the contract with any status.
pub(crate) fn failed(cx: &Context, status: Status, error: &str) -> Result<Response> {
    #[derive(Serialize)]
    #[serde(crate = "guru::serde")]
    struct Failed<'a> {
        status: &'static str,
        error: &'a str,
        request_id: &'a str,
    }
    let failed = Failed {
        status: "error",
        error,
        request_id: cx.request_id(),
    };
    Ok(Response::json(&failed)?.with_status(status))
}
