//! What holds for any input: nothing panics, nothing is lost. It must not know examples.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use guru_core::http::{Headers, Segment};
use guru_core::{App, Context, Method, Request, Response, Result, Uri, memory};
use proptest::prelude::*;

async fn tell(_cx: Context, mut req: Request) -> Result<Response> {
    #[derive(serde::Deserialize)]
    struct Query {
        #[expect(dead_code, reason = "only whether it is read matters")]
        n: Option<u32>,
    }
    let id: String = req.param("id")?;
    let _: Query = req.query()?;
    if !req.body().is_empty() {
        let _: serde_json::Value = req.json_any().await?;
    }
    Ok(Response::text(id))
}

fn client() -> memory::Client {
    let app = App::new()
        .any("/{id}", tell)
        .any("/a/{id}/b", tell)
        .any("/{id}/{*rest}", tell);
    memory::Client::new(app).unwrap()
}

proptest! {
    #[test]
    fn methods_are_kept_or_refused(token: Vec<u8>) {
        if let Ok(method) = Method::parse(&token) {
            prop_assert_eq!(method.as_str().as_bytes(), &token[..]);
        }
    }

    #[test]
    fn targets_are_kept_or_refused(target in "[/*]?\\PC*") {
        if let Ok(uri) = Uri::parse(&*target) {
            prop_assert_eq!(uri.to_string(), &*target);
            let again = Uri::from_parts(uri.path(), uri.query()).unwrap();
            prop_assert_eq!(again, uri);
        }
    }

    #[test]
    fn segments_are_the_path(path in "(/[a-z%0-9]{0,3}){1,6}") {
        let uri = Uri::parse(&*path).unwrap();
        let raw: Vec<_> = uri.segments().map(Segment::raw).collect();
        prop_assert_eq!(format!("/{}", raw.join("/")), path);
    }

    #[test]
    fn headers_are_kept_or_refused(fields: Vec<(String, Vec<u8>)>) {
        let mut headers = Headers::new();
        let kept: Vec<_> =
            fields.iter().filter(|(name, value)| headers.append(name, value).is_ok()).collect();
        prop_assert_eq!(headers.len(), kept.len());
        for ((name, value), (held_name, held)) in kept.iter().zip(headers.iter()) {
            prop_assert_eq!(name.to_ascii_lowercase(), held_name);
            prop_assert!(!held.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)));
            prop_assert!(value.windows(held.len().max(1)).any(|part| part == held) || held.is_empty());
        }
    }

    #[test]
    fn any_request_has_an_answer(
        method in "[A-Za-z]{1,8}",
        target in "/[a-z%0-9F/?&=+.]{0,24}",
        body: Vec<u8>,
    ) {
        let request = Request::new(Method::parse(method.as_bytes()).unwrap(), Uri::parse(target).unwrap());
        let response = client().send(request.with_body(body));
        prop_assert!(matches!(response.status().as_u16(), 200 | 400 | 404), "{:?}", response.status());
    }
}
