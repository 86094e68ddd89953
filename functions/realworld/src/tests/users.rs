//! Users: new ones, those who sign in, and those who change.

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
    register(&client, "émile", "Émile@mail.example").assert_status(201);
    let answer = register(&client, "other", "éMILE@mail.example");
    assert_error(&answer, 422, "email has already been taken");
    // Of both, the name is what is said, whosever they are.
    let answer = register(&client, "bob", "ada@mail.example");
    assert_error(&answer, 422, "username has already been taken");
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
    let long = "é".repeat(65);
    let address = format!("a@{}", "b".repeat(253));
    let word = "a password";
    for (name, email, password, problem) in [
        (" ", "a@b", word, "username can't be blank"),
        ("a", "", word, "email can't be blank"),
        ("a", "a@b", " ", "password can't be blank"),
        ("a", "a@b", "1234567", "password has to have 8 to 128 bytes"),
        ("a", "a@b", &long, "password has to have 8 to 128 bytes"),
        ("a", "a.b", word, "email is no address"),
        ("a", &address, word, "email has more than 254 letters"),
        ("a\nb", "a@b", word, "username has more than one line"),
        (&long, "a@b", word, "username has more than 64 letters"),
    ] {
        let user = json!({"username": name, "email": email, "password": password});
        let answer = post(&client, "/api/users", "", &json!({"user": user}));
        assert_error(&answer, 422, problem);
    }
    for none in [json!({}), json!({"username": null})] {
        let answer = post(&client, "/api/users", "", &json!({"user": none}));
        assert_error(&answer, 422, "username can't be blank");
        let answer = post(&client, "/api/users/login", "", &json!({"user": none}));
        assert_error(&answer, 401, "email or password is wrong");
    }
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
    // `null` empties what may be empty, and changes nothing else.
    let image = "https://img.example/a.png";
    change(json!({"image": image})).assert_status(200);
    let now: Value = change(json!({"bio": null, "username": null})).json();
    assert_eq!(now["user"]["bio"], "");
    assert_eq!(now["user"]["image"], image);
    assert_eq!(now["user"]["username"], "lovelace");
    let now: Value = change(json!({"image": null})).json();
    assert_eq!(now["user"]["image"], "");
    let (long, most) = ("x".repeat(2_001), "x".repeat(2_000));
    let answer = change(json!({"bio": long}));
    assert_error(&answer, 422, "bio has more than 2000 bytes");
    let answer = change(json!({"image": long}));
    assert_error(&answer, 422, "image has more than 2000 bytes");
    change(json!({"bio": most, "image": most})).assert_status(200);
    // A letter that PostgreSQL has no place for.
    let now: Value = change(json!({"bio": "a\0b"})).assert_status(200).json();
    assert_eq!(now["user"]["bio"], "a\u{fffd}b");

    change(json!({"password": "a new password"})).assert_status(200);
    for (password, status) in [("a password", 401), ("a new password", 200)] {
        let said = json!({"user": {"email": "ada@mail.example", "password": password}});
        post(&client, "/api/users/login", "", &said).assert_status(status);
    }
}
