//! The requests of exchange.json, which the same API in axum (bench/axum-users) and Hono (bench/hono/users.js) answers, too.

use std::collections::BTreeMap;

use guru::Method;
use guru::memory::Client;
use serde_json::Value;

#[test]
fn users_sign_up_and_in_and_see_each_other() {
    let steps: Vec<Value> = serde_json::from_str(include_str!("../exchange.json")).unwrap();
    let client = Client::new(users::app()).unwrap();
    let (mut cookie, mut said) = (None::<String>, BTreeMap::<String, String>::new());
    for step in steps {
        let filled = said.iter().fold(step.to_string(), |text, (name, value)| {
            text.replace(&format!("{{{name}}}"), value)
        });
        let step: Value = serde_json::from_str(&filled).unwrap();
        let (method, path) = step["call"].as_str().unwrap().split_once(' ').unwrap();
        let mut call = client.request(Method::parse(method.as_bytes()).unwrap(), path);
        for (name, value) in step["headers"].as_object().into_iter().flatten() {
            call = call.header(name, value.as_str().unwrap());
        }
        if let Some(token) = &cookie {
            call = call.cookie("session", token);
        }
        if step["body"].is_object() {
            call = call.json(&step["body"]);
        }
        let answer = call.send();
        if let Some(status) = step["status"].as_u64() {
            answer.assert_status(status.try_into().unwrap());
        }
        for (name, wanted) in step["answer"].as_object().into_iter().flatten() {
            let got = &answer.json::<Value>()[name];
            assert!(
                !got.is_null() && (wanted.is_null() || wanted == got),
                "{step}: {got}"
            );
            said.extend(got.as_str().map(|got| (name.clone(), got.to_owned())));
        }
        if let Some(allows) = step["allows"].as_bool() {
            let origin = answer.header("access-control-allow-origin");
            assert_eq!(
                origin.is_some_and(|origin| origin == step["headers"]["origin"]),
                allows,
                "{step}"
            );
        }
        if let Some(set) = answer.header("set-cookie") {
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
            cookie = Some(token.to_owned()).filter(|token| !token.is_empty());
        }
    }
}
