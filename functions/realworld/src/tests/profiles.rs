//! Profiles, and who follows whom.

use super::*;

fn following(answer: &Reply) -> bool {
    let said: Value = answer.assert_status(200).json();
    said["profile"]["following"].as_bool().unwrap()
}

#[test]
fn a_profile_is_followed_by_some() {
    let client = client();
    let (ada, bob) = (user(&client, "ada"), user(&client, "bob é"));
    let profile = "/api/profiles/bob%20%C3%A9";
    let follow = "/api/profiles/bob%20%C3%A9/follow";
    let said: Value = get(&client, profile, "").json();
    let wanted = json!({"username": "bob é", "bio": "", "image": "", "following": false});
    assert_eq!(said["profile"], wanted);
    for _ in 0..2 {
        assert!(following(&post(&client, follow, &ada, &Value::Null)));
    }
    assert!(following(&get(&client, profile, &ada)));
    assert!(!following(&get(&client, profile, &bob)));
    assert!(!following(&get(&client, profile, "")));
    for _ in 0..2 {
        assert!(!following(&delete(&client, follow, &ada)));
    }
    assert!(!following(&get(&client, profile, &ada)));
}

#[test]
fn nobody_is_followed_and_nobody_follows() {
    let client = client();
    let ada = user(&client, "ada");
    for token in ["", &ada] {
        assert_error(&get(&client, "/api/profiles/bob", token), 404, "not found");
    }
    let none = "/api/profiles/bob/follow";
    assert_error(&post(&client, none, &ada, &Value::Null), 404, "not found");
    assert_error(&delete(&client, none, &ada), 404, "not found");
    let one = "/api/profiles/ada/follow";
    assert_error(&post(&client, one, "", &Value::Null), 401, "unauthorized");
    assert_error(&delete(&client, one, ""), 401, "unauthorized");
}
