//! Comments.

use super::*;

#[test]
fn an_article_has_comments() {
    let client = client();
    let (ada, bob) = (user(&client, "ada"), user(&client, "bob"));
    article(&client, &ada, "Mine", &[]);
    article(&client, &ada, "Other", &[]);
    let target = "/api/articles/mine/comments";
    let say = |token: &str, body: &str| {
        client.clock().advance(std::time::Duration::from_secs(1));
        post(&client, target, token, &json!({"comment": {"body": body}}))
    };
    let first: Value = say(&bob, "first").assert_status(200).json();
    let id = first["comment"]["id"].as_u64().unwrap();
    assert!(id < 1 << 53);
    let author = json!({"username": "bob", "bio": "", "image": "", "following": false});
    let wanted = json!({
        "id": id, "body": "first", "createdAt": "1970-01-01T00:00:03.000Z",
        "updatedAt": "1970-01-01T00:00:03.000Z", "author": author,
    });
    assert_eq!(first["comment"], wanted);
    let second: Value = say(&ada, "second").json();
    let all = json!({"comments": [wanted, second["comment"]]});
    for token in ["", &ada, &bob] {
        assert_eq!(
            get(&client, target, token)
                .assert_status(200)
                .json::<Value>(),
            all
        );
    }
    let other = get(&client, "/api/articles/other/comments", "");
    other.assert_text(r#"{"comments":[]}"#);
    post(&client, "/api/profiles/bob/follow", &ada, &Value::Null).assert_status(200);
    let said: Value = get(&client, target, &ada).json();
    assert_eq!(said["comments"][0]["author"]["following"], true);
}

#[test]
fn a_comment_is_about_something_and_says_something() {
    let client = client();
    let ada = user(&client, "ada");
    article(&client, &ada, "Mine", &[]);
    let comment = json!({"comment": {"body": "well"}});
    let none = "/api/articles/none/comments";
    assert_error(&get(&client, none, ""), 404, "not found");
    assert_error(&post(&client, none, &ada, &comment), 404, "not found");
    let target = "/api/articles/mine/comments";
    assert_error(&post(&client, target, "", &comment), 401, "unauthorized");
    let empty = post(&client, target, &ada, &json!({"comment": {"body": " "}}));
    assert_error(&empty, 422, "body can't be blank");
    let empty = post(&client, target, &ada, &json!({"comment": {"body": null}}));
    assert_error(&empty, 422, "body can't be blank");
    let long = json!({"comment": {"body": "x".repeat(16_001)}});
    let long = post(&client, target, &ada, &long);
    assert_error(&long, 422, "body has more than 16000 bytes");
}

#[test]
fn the_newest_comments_are_shown_the_oldest_of_them_first() {
    let client = client();
    let ada = user(&client, "ada");
    article(&client, &ada, "Mine", &[]);
    let long = json!({"user": {"bio": "x".repeat(2_000), "image": "x".repeat(2_000)}});
    put(&client, "/api/user", &ada, &long).assert_status(200);
    let target = "/api/articles/mine/comments";
    for number in 0..=200 {
        client.clock().advance(std::time::Duration::from_millis(1));
        let body = format!("{number:0>16000}");
        let comment = json!({"comment": {"body": body}});
        post(&client, target, &ada, &comment).assert_status(200);
    }
    let said: Value = get(&client, target, "").assert_status(200).json();
    let bodies = said["comments"].as_array().unwrap();
    let numbers = bodies.iter().map(|comment| text(&comment["body"]));
    let numbers: Vec<u32> = numbers.map(|body| body.parse().unwrap()).collect();
    assert_eq!(numbers, (1..=200).collect::<Vec<_>>());
}

#[test]
fn a_comment_is_removed_by_whoever_made_it() {
    let client = client();
    let (ada, bob) = (user(&client, "ada"), user(&client, "bob"));
    article(&client, &ada, "Mine", &[]);
    article(&client, &ada, "Other", &[]);
    let target = "/api/articles/mine/comments";
    let made = post(&client, target, &bob, &json!({"comment": {"body": "well"}}));
    let id = made.json::<Value>()["comment"]["id"].as_u64().unwrap();
    let remove = |slug: &str, id: u64, token: &str| {
        delete(
            &client,
            &format!("/api/articles/{slug}/comments/{id}"),
            token,
        )
    };
    assert_error(&remove("mine", id, &ada), 403, "it is not yours");
    assert_error(&remove("mine", id, ""), 401, "unauthorized");
    assert_error(&remove("other", id, &bob), 404, "not found");
    assert_error(&remove("mine", id + 1, &bob), 404, "not found");
    remove("mine", id, &bob).assert_status(204).assert_text("");
    assert_error(&remove("mine", id, &bob), 404, "not found");
    get(&client, target, "").assert_text(r#"{"comments":[]}"#);
    delete(&client, "/api/articles/mine/comments/x", &bob).assert_status(400);
}
