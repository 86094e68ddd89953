//! Lists of articles, the feed, and tags.

use super::*;

/// The titles of a list, and how many articles there are.
fn list(client: &Client, target: &str, token: &str) -> (Vec<String>, u64) {
    let said: Value = get(client, target, token).assert_status(200).json();
    let articles = said["articles"].as_array().unwrap();
    for article in articles {
        assert!(article.get("body").is_none(), "{article}");
    }
    let titles = articles.iter().map(|article| text(&article["title"]));
    (titles.collect(), said["articlesCount"].as_u64().unwrap())
}

#[test]
fn articles_are_found_by_what_they_are() {
    let client = client();
    let (ada, bob) = (user(&client, "ada"), user(&client, "bob"));
    article(&client, &ada, "One", &["odd", "all"]);
    article(&client, &bob, "Two", &["even", "all", "B-side", "Übel"]);
    article(&client, &ada, "Three", &["odd", "all"]);
    for slug in ["one", "two"] {
        let favorite = format!("/api/articles/{slug}/favorite");
        post(&client, &favorite, &bob, &Value::Null).assert_status(200);
    }
    for (query, wanted) in [
        ("", &["Three", "Two", "One"][..]),
        ("?tag=all", &["Three", "Two", "One"]),
        ("?tag=odd", &["Three", "One"]),
        ("?author=ada", &["Three", "One"]),
        ("?favorited=bob", &["Two", "One"]),
        ("?favorited=bob&author=ada&tag=odd", &["One"]),
        ("?favorited=ada", &[]),
        ("?tag=none", &[]),
        ("?author=no'body", &[]),
        ("?tag=%00", &[]),
    ] {
        let (titles, count) = list(&client, &format!("/api/articles{query}"), "");
        assert_eq!(titles, wanted, "{query}");
        assert_eq!(count, wanted.len() as u64, "{query}");
    }
    let said: Value = get(&client, "/api/articles?tag=even", &bob).json();
    let two = &said["articles"][0];
    assert_eq!(two["favorited"], true);
    assert_eq!(two["favoritesCount"], 1);
    assert_eq!(two["tagList"], json!(["B-side", "all", "even", "Übel"]));
    let tags: Value = get(&client, "/api/tags", "").json();
    assert_eq!(
        tags["tags"],
        json!(["all", "odd", "B-side", "even", "Übel"])
    );
}

#[test]
fn a_page_of_the_longest_articles_is_shown() {
    let client = client();
    let name = "𝄞".repeat(64);
    let ada = user(&client, &name);
    // What is kept in its place has three bytes.
    let long = "\0".repeat(2_000);
    let user = json!({"user": {"bio": long, "image": long}});
    put(&client, "/api/user", &ada, &user).assert_status(200);
    let tags = (10..30).map(|number| format!("{number}{}", "𝄞".repeat(62)));
    let new = json!({
        "title": "𝄞".repeat(200), "description": long, "body": "x",
        "tagList": tags.collect::<Vec<_>>(),
    });
    for _ in 0..100 {
        let made = post(&client, "/api/articles", &ada, &json!({"article": new}));
        made.assert_status(201);
    }
    let (titles, _) = list(&client, "/api/articles?limit=100", "");
    assert_eq!(titles.len(), 100);
}

#[test]
fn a_list_has_pages() {
    let client = client();
    let ada = user(&client, "ada");
    for number in 0..25 {
        article(&client, &ada, &format!("Number {number}"), &[]);
    }
    let page = |query: &str| {
        let (titles, count) = list(&client, &format!("/api/articles?{query}"), "");
        assert_eq!(count, 25);
        let ends = titles.first().zip(titles.last());
        let number = |title: &String| title.split_once(' ').unwrap().1.parse().unwrap();
        (
            titles.len(),
            ends.map(|(first, last)| (number(first), number(last))),
        )
    };
    let newest: (usize, Option<(u32, u32)>) = page("");
    assert_eq!(newest, (20, Some((24, 5))));
    assert_eq!(page("offset=20"), (5, Some((4, 0))));
    assert_eq!(page("limit=3&offset=1"), (3, Some((23, 21))));
    assert_eq!(page("limit=1000"), (25, Some((24, 0))));
    assert_eq!(page("limit=0"), (0, None));
    assert_eq!(page("offset=4294967295"), (0, None));
    for wrong in ["limit=-1", "limit=many", "offset=-1", "offset=x"] {
        let target = format!("/api/articles?{wrong}");
        get(&client, &target, "").assert_status(400);
    }
}

#[test]
fn a_feed_is_of_those_who_are_followed() {
    let client = client();
    let (ada, bob) = (user(&client, "ada"), user(&client, "bob"));
    article(&client, &ada, "Of Ada", &[]);
    article(&client, &bob, "Of Bob", &[]);
    assert_eq!(list(&client, "/api/articles/feed", &ada), (vec![], 0));
    let follow = "/api/profiles/bob/follow";
    post(&client, follow, &ada, &Value::Null).assert_status(200);
    article(&client, &bob, "More of Bob", &[]);
    let all = vec!["More of Bob".to_owned(), "Of Bob".to_owned()];
    assert_eq!(list(&client, "/api/articles/feed", &ada), (all, 2));
    let last = list(&client, "/api/articles/feed?limit=1&offset=1", &ada);
    assert_eq!(last, (vec!["Of Bob".to_owned()], 2));
    let said: Value = get(&client, "/api/articles/feed", &ada).json();
    assert_eq!(said["articles"][0]["author"]["following"], true);
    assert_eq!(list(&client, "/api/articles/feed", &bob), (vec![], 0));
    assert_error(&get(&client, "/api/articles/feed", ""), 401, "unauthorized");
}
