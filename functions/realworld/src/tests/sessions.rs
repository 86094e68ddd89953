//! Tokens: what is one, how long, and for which password.

use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;

use super::*;
use crate::auth;

#[test]
fn a_token_that_is_not_good_is_none() {
    let client = client();
    let token = user(&client, "ada");
    let (signed, mac) = token.rsplit_once('.').unwrap();
    let (_, claims) = signed.split_once('.').unwrap();
    for wrong in [
        "",
        "..",
        signed,
        &format!("{signed}."),
        &format!("{signed}.{}", mac.to_lowercase()),
        &format!("{signed}x.{mac}"),
        // {"alg":"none","typ":"JWT"}
        &format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}."),
    ] {
        let call = client.request(Method::GET, "/api/user");
        let call = call.header("authorization", format!("Token {wrong}"));
        assert_error(&call.send(), 401, "unauthorized");
        // Where anybody may ask, too: it is not nobody who does.
        let call = client.request(Method::GET, "/api/articles");
        let call = call.header("authorization", format!("Token {wrong}"));
        assert_error(&call.send(), 401, "unauthorized");
    }
    let call = client.request(Method::GET, "/api/user");
    let call = call.header("authorization", format!("Bearer {token}"));
    assert_error(&call.send(), 401, "unauthorized");

    // One without a scheme, one that is no text, and two, which could be read as either.
    let call = || client.request(Method::GET, "/api/articles");
    let call_of = |value: &[u8]| call().header("authorization", value);
    for wrong in [
        call_of(token.as_bytes()),
        call_of(b"Token \xff"),
        call_of(b""),
        call_of(format!("Token {token}").as_bytes())
            .header("authorization", format!("Token {token}")),
    ] {
        assert_error(&wrong.send(), 401, "unauthorized");
    }
    for right in ["token", "TOKEN", "Token "] {
        let call = client.request(Method::GET, "/api/user");
        let call = call.header("authorization", format!("{right} {token}"));
        call.send().assert_status(200);
    }
}

#[test]
fn a_token_ends_whatever_is_done_with_it() {
    let client = client();
    let token = user(&client, "ada");
    client
        .clock()
        .advance(Duration::from_secs(7 * 24 * 60 * 60 - 1));
    let now: Value = get(&client, "/api/user", &token).assert_status(200).json();
    assert_eq!(now["user"]["token"], *token);
    let bio = json!({"user": {"bio": "counts"}});
    let now: Value = put(&client, "/api/user", &token, &bio).json();
    assert_eq!(now["user"]["token"], *token);
    client.clock().advance(Duration::from_secs(1));
    assert_error(&get(&client, "/api/user", &token), 401, "unauthorized");
}

#[test]
fn a_token_is_what_others_make_of_it() {
    // Python's hmac has signed {"exp":4000000000,"iat":1,"sub":"7","ver":1} with the same secret.
    let token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjQwMDAwMDAwMDAsImlhdCI6MSwic3ViIjoiNyIsInZlciI6MX0.3BFD2ohfe9TGnZ-4VJLIsJ8XFutGOi66GdowCCSuxMk";
    let client = client();
    // The token is good, and there is no such user.
    assert_error(&get(&client, "/api/user", token), 401, "unauthorized");
    get(&client, "/api/articles", token).assert_status(200);
}

#[test]
fn a_secret_is_needed() {
    for secret in ["", "short"] {
        let client = with_tables(Client::new(crate::app()).unwrap());
        let client = client.secret("jwt_secret", secret);
        let answer = register(&client, "ada", "ada@mail.example");
        assert_error(&answer, 503, "service unavailable");
        let log = client.log().take();
        assert!(log.iter().any(|line| line.message.contains("jwt_secret")));
    }
}

#[test]
fn a_token_is_for_one_password() {
    let client = client();
    let (old, other) = (user(&client, "ada"), user(&client, "bob"));
    let change = |token: &str, password: &str| {
        let user = json!({"user": {"password": password}});
        put(&client, "/api/user", token, &user)
    };
    let now: Value = change(&old, "a new password").assert_status(200).json();
    let new = text(&now["user"]["token"]);
    assert_error(&get(&client, "/api/user", &old), 401, "unauthorized");
    assert_error(&change(&old, "a password"), 401, "unauthorized");
    get(&client, "/api/user", &new).assert_status(200);
    get(&client, "/api/user", &other).assert_status(200);
    // The same password once more is another one, too.
    change(&new, "a new password").assert_status(200);
    assert_error(&get(&client, "/api/user", &new), 401, "unauthorized");
}

#[test]
fn who_is_not_there_takes_as_long_as_who_is() {
    async fn hash(cx: Context) -> Result<String> {
        auth::hash(&cx, "a password")
    }
    let client = Client::new(App::new().get("/", hash)).unwrap();
    let answer = client.get("/");
    let made = answer.body().as_bytes().unwrap();
    let [made, nobody] = [std::str::from_utf8(made).unwrap(), auth::NOBODY].map(|hash| {
        let hash = PasswordHash::new(hash).unwrap();
        let sizes = (hash.salt.unwrap().len(), hash.hash.unwrap().len());
        let kind = (hash.algorithm.to_string(), hash.version);
        (kind, hash.params.to_string(), sizes)
    });
    assert_eq!(made, nobody);
    assert_eq!(made.1, "m=19456,t=2,p=1");
}
