//! Malformed input from a client: a 400, and never a failed invocation.

use super::*;

fn events() -> [Value; 5] {
    let lists = |method: &str| {
        json!({
            method: "GET", "path": "/", "multiValueHeaders": {}, "requestContext": {"elb": {}},
        })
    };
    [
        rest("/", "/{proxy+}", ""),
        http("/", "$default"),
        lists("httpMethod"),
        json!({"httpMethod": "GET", "path": "/", "headers": {}, "requestContext": {"elb": {}}}),
        json!({"method": "GET", "path": "/", "headers": {}, "requestContext": {"serviceArn": "arn"}}),
    ]
}

fn with_header(mut event: Value, name: &str, value: &str) -> Value {
    if event.get("multiValueHeaders").is_some() {
        event["multiValueHeaders"] = json!({name: [value]});
    } else {
        event["headers"] = json!({name: value});
    }
    event
}

fn problem(event: &Value) -> Option<String> {
    let read = try_read(event, "").unwrap_or_else(|error| panic!("{error}: {event}"));
    read.err().map(|error| {
        assert_eq!(error.kind(), guru_core::ErrorKind::BadRequest, "{event}");
        error.to_string()
    })
}

#[test]
fn a_header_is_what_http_allows() {
    // A token, and any byte except control characters (RFC 9110, sections 5.1 and 5.5).
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    for character in ('\0'..='\u{ff}').chain(['☃', '\u{FFFD}']) {
        for event in events() {
            let name = format!("x{character}y");
            let found = problem(&with_header(event.clone(), &name, "1"));
            assert_eq!(found.is_none(), token(character), "{name:?} {found:?}");
            let value = format!("x{character}y");
            let found = problem(&with_header(event, "x-a", &value));
            let is_control = character.is_ascii_control() && character != '\t';
            assert_eq!(found.is_some(), is_control, "{value:?} {found:?}");
            assert!(found.is_none_or(|problem| problem.contains("`x-a`")));
        }
    }
    for event in events() {
        let problem = |name: &str, value: &str| problem(&with_header(event.clone(), name, value));
        assert!(problem("", "1").is_some());
        assert!(problem(&"n".repeat(70_000), "1").unwrap().len() < 300);
        assert!(problem("x[y]", "1").unwrap().contains("`x[y]`"));
        assert_eq!(problem("x-empty", ""), None);
    }
}

#[test]
fn a_host_is_one_that_a_uri_could_have() {
    let good = ["a", "a:80", "127.0.0.1:5000", "[::1]:80", ""];
    let bad = [
        "evil/echo",
        "x?y=",
        "u@h",
        "a#b",
        "a b",
        "a\\b",
        "ü.example",
        "<a>",
        "a\tb",
    ];
    for event in events() {
        for host in good {
            assert_eq!(
                problem(&with_header(event.clone(), "host", host)),
                None,
                "{host}"
            );
        }
        for host in bad {
            let found = problem(&with_header(event.clone(), "Host", host));
            assert!(found.unwrap().contains("`host`"), "{host}");
        }
    }
    let mut two = rest("/", "/{proxy+}", "");
    two["multiValueHeaders"] = json!({"host": ["a", "b"]});
    assert!(problem(&two).unwrap().contains("`host`"));
}

#[test]
fn whatever_else_a_client_can_reach() {
    let with = |name: &str, value: Value| {
        let mut event = http("/", "$default");
        event[name] = value;
        event
    };
    let mut method = http("/", "$default");
    method["requestContext"]["http"]["method"] = "G T".into();
    let mut base64 = with("body", "!".into());
    base64["isBase64Encoded"] = true.into();
    let many: Vec<_> = (0..40_000)
        .map(|n| (format!("x-{n}"), json!("1")))
        .collect();
    let cases = [
        (method, "`method`: "),
        (base64, "the body is not base64"),
        (with("cookies", json!(["a=1", "b=\u{1}"])), "`cookie`: "),
        (
            with("headers", Value::Object(many.into_iter().collect())),
            "there are more headers",
        ),
        (
            with("rawPath", format!("/{}", "a".repeat(70_000)).into()),
            "the request target: ",
        ),
        (
            with("rawQueryString", "a".repeat(70_000).into()),
            "the request target: ",
        ),
        (with("rawQueryString", "\u{1}\u{FFFD} \"<>#`".into()), ""),
        (with("rawPath", "no slash".into()), ""),
        (with("rawPath", "".into()), ""),
        (with("cookies", json!([])), ""),
    ];
    for (event, wanted) in cases {
        let found = problem(&event).unwrap_or_default();
        assert!(found.starts_with(wanted), "{found}");
        assert_eq!(found.is_empty(), wanted.is_empty(), "{found}");
    }
    let (_, request, _) = read(with("headers", json!({"a": "é"})), "").unwrap();
    assert_eq!(values(request.headers(), "a"), ["é".as_bytes()]);
}
