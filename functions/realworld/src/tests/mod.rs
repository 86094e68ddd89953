//! What the backend answers, over tables in memory; or, with the feature `postgres` alone, over those of the server that
//! `TEST_DATABASE` names: `cargo test -p realworld --no-default-features --features postgres`.

mod articles;
mod comments;
mod lists;
mod profiles;
mod sessions;
mod users;

use guru::memory::{Client, Reply};
use guru::prelude::*;
use serde_json::{Value, json};

const SECRET: &str = "a secret that has more than 32 bytes";

fn client() -> Client {
    let client = Client::new(crate::app()).unwrap();
    with_tables(client.secret("jwt_secret", SECRET))
}

#[cfg(feature = "sqlite")]
fn with_tables(client: Client) -> Client {
    client.database("db", guru::testing::migrated("migrations/db"))
}

/// Each client has a schema of its own.
#[cfg(not(feature = "sqlite"))]
fn with_tables(client: Client) -> Client {
    use std::sync::atomic::{AtomicU32, Ordering};

    use guru::ports::{Sql as _, Statement};

    static SCHEMAS: AtomicU32 = AtomicU32::new(0);
    let number = SCHEMAS.fetch_add(1, Ordering::Relaxed);
    let url = std::env::var("TEST_DATABASE").expect("TEST_DATABASE names a database for tests");
    let begin = if url.contains('?') { '&' } else { '?' };
    let url = format!("{url}{begin}pool=1&options=-c%20search_path%3Drealworld_{number}");
    let schema = format!(
        "DROP SCHEMA IF EXISTS realworld_{number} CASCADE; CREATE SCHEMA realworld_{number};"
    );
    let tables = include_str!("../../migrations/db/0001_conduit.sql");
    let texts = [&schema, tables].map(|text| text.split_terminator(';').map(str::trim));
    let statements = texts.into_iter().flatten().filter(|text| !text.is_empty());
    let database = guru::testing::postgres(&url);
    let made = database.batch(statements.map(Statement::new).collect());
    client.block_on(made).unwrap();
    client.database("db", database)
}

/// A request, signed in by a token unless that is empty.
fn call(client: &Client, method: Method, target: &str, token: &str, body: &Value) -> Reply {
    let mut call = client.request(method, target);
    if !token.is_empty() {
        call = call.header("authorization", format!("Token {token}"));
    }
    if !body.is_null() {
        call = call.json(body);
    }
    call.send()
}

fn get(client: &Client, target: &str, token: &str) -> Reply {
    call(client, Method::GET, target, token, &Value::Null)
}

fn post(client: &Client, target: &str, token: &str, body: &Value) -> Reply {
    call(client, Method::POST, target, token, body)
}

fn put(client: &Client, target: &str, token: &str, body: &Value) -> Reply {
    call(client, Method::PUT, target, token, body)
}

fn delete(client: &Client, target: &str, token: &str) -> Reply {
    call(client, Method::DELETE, target, token, &Value::Null)
}

fn register(client: &Client, name: &str, email: &str) -> Reply {
    let user = json!({"username": name, "email": email, "password": "a password"});
    post(client, "/api/users", "", &json!({"user": user}))
}

/// The token of a new user.
fn user(client: &Client, name: &str) -> String {
    let made = register(client, name, &format!("{name}@mail.example"));
    text(&made.assert_status(201).json::<Value>()["user"]["token"])
}

/// The slug of a new article; a second passes.
fn article(client: &Client, token: &str, title: &str, tags: &[&str]) -> String {
    client.clock().advance(std::time::Duration::from_secs(1));
    let new = json!({"title": title, "description": "about", "body": "text", "tagList": tags});
    let made = post(client, "/api/articles", token, &json!({"article": new}));
    text(&made.assert_status(201).json::<Value>()["article"]["slug"])
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// Has an answer be an error in the one shape that all have.
fn assert_error(answer: &Reply, status: u16, problem: &str) {
    answer.assert_status(status);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let asked = (status == 401).then_some("Token");
    assert_eq!(answer.header("www-authenticate"), asked);
    let said = answer.json::<Value>();
    assert_eq!(said, json!({"errors": {"body": [problem]}}));
}

#[test]
fn every_error_has_one_shape() {
    let client = client();
    assert_error(&get(&client, "/api/none", ""), 404, "not found");
    assert_error(&get(&client, "/none", ""), 404, "not found");
    assert_error(&get(&client, "/api/user", ""), 401, "unauthorized");
    let wrong = delete(&client, "/api/tags", "");
    assert_error(&wrong, 405, "method not allowed");
    let call = client.request(Method::POST, "/api/users");
    let call = call.header("content-type", "application/json").body("{");
    let said = call.send();
    said.assert_status(400);
    assert!(said.json::<Value>()["errors"]["body"][0].is_string());
    let long = json!({"user": {"bio": "x".repeat(crate::BODY)}});
    let said = post(&client, "/api/users", "", &long);
    assert_error(&said, 413, "content too large");
    // Nothing is said of the function's own faults.
    let bare = Client::new(crate::app()).unwrap();
    let said = get(&bare, "/api/tags", "");
    assert_error(&said, 503, "service unavailable");
}

#[test]
fn a_page_of_anywhere_may_ask() {
    let client = client();
    let call = client.request(Method::OPTIONS, "/api/user");
    let call = call.header("origin", "https://app.example");
    let call = call.header("access-control-request-method", "PUT");
    let said = call.send();
    said.assert_status(204);
    let headers = said.header("access-control-allow-headers").unwrap();
    assert!(headers.contains("authorization"), "{headers}");
    let call = client.request(Method::GET, "/api/user");
    let said = call.header("origin", "https://app.example").send();
    assert_error(&said, 401, "unauthorized");
    assert_eq!(said.header("access-control-allow-origin"), Some("*"));
}
