//! Users: new ones, those who sign in, and those who change.

use std::time::Duration;

use super::*;

#[test]
fn a_user_is_made_and_signs_in() {
    let client = client();
    let made = register(&client, "ada", "ada@mail.example");
    let made: Value = made.assert_status(201).json();
    let user = &made["user"];
    assert_eq!(user["username"], "ada");
    assert_eq!(user["email"], "ada@mail.example");
    assert_eq!((&user["bio"], &user["image"]), (&json!(""), &json!("")));
    assert_eq!(user.as_object().unwrap().len(), 5);

    let said = json!({"user": {"email": "ADA@mail.example", "password": "a password"}});
    let answer = post(&client, "/api/users/login", "", &said);
    let token = text(&answer.assert_status(200).json::<Value>()["user"]["token"]);
    let answer = get(&client, "/api/user", &token);
    let now: Value = answer.assert_status(200).json();
    assert_eq!(now["user"]["username"], "ada");
}

#[test]
fn whoever_has_not_the_password_is_not_let_in() {
    let client = client();
    user(&client, "ada");
    for (email, password) in [
        ("ada@mail.example", "another password"),
        ("ada@mail.example", ""),
        ("eve@mail.example", "a password"),
        ("", "a password"),
    ] {
        let said = json!({"user": {"email": email, "password": password}});
        let answer = post(&client, "/api/users/login", "", &said);
        assert_error(&answer, 401, "email or password is wrong");
    }
}

#[test]
fn a_name_and_an_address_are_taken_once() {
    let client = client();
    let token = user(&client, "ada");
    user(&client, "bob");
    let answer = register(&client, "ada", "other@mail.example");
    assert_error(&answer, 422, "username has already been taken");
    let answer = register(&client, "other", "Ada@Mail.Example");
    assert_error(&answer, 422, "email has already been taken");
    let change = |user: Value| put(&client, "/api/user", &token, &json!({"user": user}));
    let answer = change(json!({"username": "bob"}));
    assert_error(&answer, 422, "username has already been taken");
    let answer = change(json!({"email": "bob@mail.example"}));
    assert_error(&answer, 422, "email has already been taken");
    // One's own is not.
    change(json!({"username": "ada", "email": "ada@mail.example"})).assert_status(200);
}

#[test]
fn a_user_has_a_name_an_address_and_a_password() {
    let client = client();
    let long = "x".repeat(256);
    for (name, email, password, problem) in [
        (" ", "a@b", "p", "username can't be blank"),
        ("a", "", "p", "email can't be blank"),
        ("a", "a@b", " ", "password can't be blank"),
        ("a", "a.b", "p", "email is no address"),
        ("a\nb", "a@b", "p", "username has more than one line"),
        (&*long, "a@b", "p", "username has more than 255 letters"),
    ] {
        let user = json!({"username": name, "email": email, "password": password});
        let answer = post(&client, "/api/users", "", &json!({"user": user}));
        assert_error(&answer, 422, problem);
    }
    let answer = post(&client, "/api/users", "", &json!({"user": {}}));
    assert_error(&answer, 422, "username can't be blank");
    post(&client, "/api/users", "", &json!({})).assert_status(400);
}

#[test]
fn a_user_changes_what_is_said_and_nothing_else() {
    let client = client();
    let token = user(&client, "ada");
    let change = |user: Value| put(&client, "/api/user", &token, &json!({"user": user}));
    change(json!({"bio": "counts", "image": "https://img.example/a.png"})).assert_status(200);
    let now: Value = change(json!({"username": "lovelace"})).json();
    assert_eq!(now["user"]["username"], "lovelace");
    assert_eq!(now["user"]["bio"], "counts");
    assert_eq!(now["user"]["image"], "https://img.example/a.png");
    let now: Value = change(json!({"image": ""})).json();
    assert_eq!(now["user"]["image"], "");
    change(json!({})).assert_status(200);
    // A letter that PostgreSQL has no place for.
    let now: Value = change(json!({"bio": "a\0b"})).assert_status(200).json();
    assert_eq!(now["user"]["bio"], "a\u{fffd}b");

    change(json!({"password": "a new password"})).assert_status(200);
    for (password, status) in [("a password", 401), ("a new password", 200)] {
        let said = json!({"user": {"email": "ada@mail.example", "password": password}});
        post(&client, "/api/users/login", "", &said).assert_status(status);
    }
}

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

    client
        .clock()
        .advance(Duration::from_secs(7 * 24 * 60 * 60 - 1));
    get(&client, "/api/user", &token).assert_status(200);
    client.clock().advance(Duration::from_secs(1));
    assert_error(&get(&client, "/api/user", &token), 401, "unauthorized");
}

#[test]
fn a_token_is_what_others_make_of_it() {
    // Python's hmac has signed {"exp":4000000000,"iat":1,"sub":"7"} with the same secret.
    let token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjQwMDAwMDAwMDAsImlhdCI6MSwic3ViIjoiNyJ9.mc4PmlTQbOdSl1SQwYLkGMOFEDbroMdp_xfVZECbvQA";
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
