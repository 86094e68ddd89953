//! Plays functions/users/exchange.json.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

#[tokio::test]
async fn users_sign_up_and_in_and_see_each_other() {
    let steps = include_str!("../../../functions/users/exchange.json");
    let steps: Vec<Value> = serde_json::from_str(steps).unwrap();
    let app = axum_users::app();
    let (mut cookie, mut said) = (String::new(), BTreeMap::<String, String>::new());
    for step in steps {
        let mut filled = step.to_string();
        for (name, value) in &said {
            filled = filled.replace(&format!("{{{name}}}"), value);
        }
        let step: Value = serde_json::from_str(&filled).unwrap();
        let (method, path) = step["call"].as_str().unwrap().split_once(' ').unwrap();
        let mut call = Request::builder()
            .method(method)
            .uri(path)
            .header("cookie", &cookie);
        for (name, value) in step["headers"].as_object().into_iter().flatten() {
            call = call.header(name, value.as_str().unwrap());
        }
        let mut body = Body::empty();
        if step["body"].is_object() {
            call = call.header("content-type", "application/json");
            body = Body::from(step["body"].to_string());
        }
        let answer = app.clone().oneshot(call.body(body).unwrap()).await.unwrap();
        let (head, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        if let Some(status) = step["status"].as_u64() {
            assert_eq!(u64::from(head.status.as_u16()), status, "{step}: {body:?}");
        }
        for (name, wanted) in step["answer"].as_object().into_iter().flatten() {
            let got = &serde_json::from_slice::<Value>(&body).unwrap()[name];
            assert!(
                !got.is_null() && (wanted.is_null() || wanted == got),
                "{step}: {got}"
            );
            said.extend(got.as_str().map(|got| (name.clone(), got.to_owned())));
        }
        let header = |name| head.headers.get(name).map(|value| value.to_str().unwrap());
        if let Some(allows) = step["allows"].as_bool() {
            let origin = header("access-control-allow-origin");
            let is_allowed = origin.is_some_and(|origin| origin == step["headers"]["origin"]);
            assert_eq!(is_allowed, allows, "{step}");
        }
        if let Some(set) = header("set-cookie") {
            assert!(
                set.contains("HttpOnly") && set.contains("Secure") && set.contains("SameSite=Lax"),
                "{set}"
            );
            let token = set
                .strip_prefix("session=")
                .unwrap()
                .split(';')
                .next()
                .unwrap();
            cookie = if token.is_empty() {
                String::new()
            } else {
                format!("session={token}")
            };
        }
    }
}
