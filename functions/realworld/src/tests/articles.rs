//! One article: how it is made, called, changed, liked and removed.

use super::*;

#[test]
fn an_article_is_made_and_shown() {
    let client = client();
    client
        .clock()
        .advance(std::time::Duration::from_millis(1_455_765_776_637));
    let ada = user(&client, "ada");
    let new = json!({"title": "How to train", "description": "a", "body": "b\n", "tagList": ["b", "a", "b"]});
    let made = post(&client, "/api/articles", &ada, &json!({"article": new}));
    let made: Value = made.assert_status(201).json();
    let author = json!({"username": "ada", "bio": "", "image": "", "following": false});
    let wanted = json!({"article": {
        "slug": "how-to-train", "title": "How to train", "description": "a", "body": "b",
        "tagList": ["a", "b"], "createdAt": "2016-02-18T03:22:56.637Z",
        "updatedAt": "2016-02-18T03:22:56.637Z", "favorited": false, "favoritesCount": 0,
        "author": author,
    }});
    assert_eq!(made, wanted);
    for token in ["", &ada] {
        let shown = get(&client, "/api/articles/how-to-train", token);
        assert_eq!(shown.assert_status(200).json::<Value>(), wanted);
    }
    for none in ["/api/articles/none", "/api/articles/%00"] {
        assert_error(&get(&client, none, ""), 404, "not found");
    }
}

#[test]
fn an_article_is_whole() {
    let client = client();
    let ada = user(&client, "ada");
    let whole = json!({"title": "a", "description": "b", "body": "c", "tagList": ["d"]});
    let make = |token: &str, article: &Value| {
        post(
            &client,
            "/api/articles",
            token,
            &json!({"article": article}),
        )
    };
    assert_error(&make("", &whole), 401, "unauthorized");
    for (field, value, problem) in [
        ("title", json!(""), "title can't be blank"),
        ("description", json!(" "), "description can't be blank"),
        ("body", json!("\n"), "body can't be blank"),
        ("tagList", json!([""]), "tag can't be blank"),
        ("tagList", json!(["a\nb"]), "tag has more than one line"),
        ("title", json!(null), "title can't be blank"),
        (
            "title",
            json!("é".repeat(201)),
            "title has more than 200 letters",
        ),
        (
            "description",
            json!("x".repeat(2_001)),
            "description has more than 2000 bytes",
        ),
        (
            "body",
            json!("x".repeat(256_001)),
            "body has more than 256000 bytes",
        ),
        (
            "tagList",
            json!(["x".repeat(65)]),
            "tag has more than 64 letters",
        ),
        (
            "tagList",
            json!(vec!["a"; 21]),
            "tagList has more than 20 tags",
        ),
    ] {
        let mut article = whole.clone();
        article[field] = value;
        assert_error(&make(&ada, &article), 422, problem);
    }
    assert_error(&make(&ada, &json!({})), 422, "title can't be blank");
    assert_error(&get(&client, "/api/articles/a", ""), 404, "not found");
    // The longest body, with as much again that JSON adds, and no tags.
    let mut article = whole.clone();
    article["body"] = json!(format!("x{}x", "\n".repeat(255_900)));
    article["tagList"] = json!(null);
    make(&ada, &article).assert_status(201);
}

#[test]
fn a_slug_is_of_its_title_and_nobody_elses() {
    let client = client();
    let ada = user(&client, "ada");
    for (title, slug) in [
        ("How to train your dragon", "how-to-train-your-dragon"),
        ("Größe & Übermut!", "grosse-ubermut"),
        ("你好，世界", "ni-hao-shi-jie"),
        ("Война и мир", "voina-i-mir"),
        ("C++ -- 20%", "c-20"),
    ] {
        assert_eq!(article(&client, &ada, title, &[]), slug);
        let again = article(&client, &ada, title, &[]);
        assert_eq!(again.len(), slug.len() + 9);
        assert!(again.starts_with(slug), "{again}");
    }
    // There is a list under this name, and nothing in the other one.
    for title in ["Feed", "!?"] {
        let slug = article(&client, &ada, title, &[]);
        assert!(slug.starts_with("article-"), "{slug}");
        get(&client, &format!("/api/articles/{slug}"), "").assert_status(200);
    }
    let long = article(&client, &ada, &"word ".repeat(40), &[]);
    assert_eq!(long.len(), 79);
}

#[test]
fn an_article_is_changed_by_its_author() {
    let client = client();
    let (ada, eve) = (user(&client, "ada"), user(&client, "eve"));
    let slug = article(&client, &ada, "First", &["tag"]);
    article(&client, &ada, "Taken", &[]);
    let change = |slug: &str, token: &str, article: Value| {
        client.clock().advance(std::time::Duration::from_secs(1));
        let target = format!("/api/articles/{slug}");
        put(&client, &target, token, &json!({"article": article}))
    };
    let now: Value = change(&slug, &ada, json!({"body": "new"})).json();
    assert_eq!(now["article"]["slug"], "first");
    assert_eq!(now["article"]["body"], "new");
    assert_eq!(now["article"]["description"], "about");
    assert_eq!(now["article"]["tagList"], json!(["tag"]));
    assert_eq!(now["article"]["createdAt"], "1970-01-01T00:00:01.000Z");
    assert_eq!(now["article"]["updatedAt"], "1970-01-01T00:00:03.000Z");

    assert_error(
        &change("first", &eve, json!({"body": "x"})),
        403,
        "it is not yours",
    );
    assert_error(
        &change("first", "", json!({"body": "x"})),
        401,
        "unauthorized",
    );
    assert_error(
        &change("none", &ada, json!({"body": "x"})),
        404,
        "not found",
    );
    let blank = change("first", &ada, json!({"title": " "}));
    assert_error(&blank, 422, "title can't be blank");

    // The same title keeps the slug, another one has another, and one that is taken has letters of its own.
    let now: Value = change("first", &ada, json!({"title": "First"})).json();
    assert_eq!(now["article"]["slug"], "first");
    let now: Value = change("first", &ada, json!({"title": "Second"})).json();
    assert_eq!(now["article"]["slug"], "second");
    get(&client, "/api/articles/first", "").assert_status(404);
    let now: Value = change("second", &ada, json!({"title": "Taken"})).json();
    assert!(text(&now["article"]["slug"]).starts_with("taken-"));
}

#[test]
fn an_article_is_removed_by_its_author_with_all_that_hangs_on_it() {
    let client = client();
    let (ada, eve) = (user(&client, "ada"), user(&client, "eve"));
    article(&client, &ada, "Mine", &["tag"]);
    let favorite = "/api/articles/mine/favorite";
    post(&client, favorite, &eve, &Value::Null).assert_status(200);
    let comment = json!({"comment": {"body": "well"}});
    post(&client, "/api/articles/mine/comments", &eve, &comment).assert_status(200);
    let remove = |token: &str| delete(&client, "/api/articles/mine", token);
    assert_error(&remove(&eve), 403, "it is not yours");
    assert_error(&remove(""), 401, "unauthorized");
    remove(&ada).assert_status(204).assert_text("");
    assert_error(&remove(&ada), 404, "not found");
    get(&client, "/api/tags", "").assert_text(r#"{"tags":[]}"#);
}

#[test]
fn an_article_is_a_favorite_of_some() {
    let client = client();
    let (ada, bob) = (user(&client, "ada"), user(&client, "bob"));
    article(&client, &ada, "Mine", &[]);
    let favorite = "/api/articles/mine/favorite";
    let marked = |answer: Reply| {
        let said: Value = answer.assert_status(200).json();
        let article = &said["article"];
        (
            article["favorited"].as_bool(),
            article["favoritesCount"].as_u64(),
        )
    };
    for _ in 0..2 {
        let answer = post(&client, favorite, &bob, &Value::Null);
        assert_eq!(marked(answer), (Some(true), Some(1)));
    }
    let answer = post(&client, favorite, &ada, &Value::Null);
    assert_eq!(marked(answer), (Some(true), Some(2)));
    let answer = get(&client, "/api/articles/mine", "");
    assert_eq!(marked(answer), (Some(false), Some(2)));
    for _ in 0..2 {
        assert_eq!(
            marked(delete(&client, favorite, &bob)),
            (Some(false), Some(1))
        );
    }
    let none = "/api/articles/none/favorite";
    assert_error(&post(&client, none, &ada, &Value::Null), 404, "not found");
    assert_error(&delete(&client, none, &ada), 404, "not found");
    assert_error(
        &post(&client, favorite, "", &Value::Null),
        401,
        "unauthorized",
    );
}
