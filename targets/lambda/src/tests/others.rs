//! Events that are not requests, or hardly.

use super::samples::samples;
use super::*;

/// Fails unless the event is rejected with our own message, with its member names and with all of `wanted`.
pub(super) fn is_unknown(event: &Value, wanted: &[&str]) {
    let error = parse(event).kind().expect_err(&event.to_string());
    assert_eq!(error.kind(), ErrorKind::UnknownEvent, "{event}");
    let said = error.to_string();
    let verb = if event.is_object() { "has" } else { "is" };
    let begin = format!("this event is no HTTP request: it {verb} ");
    assert!(said.starts_with(&begin), "{event}: {said}");
    assert!(said.len() < 3000, "{said}");
    for wanted in wanted {
        assert!(said.contains(wanted), "{event}: {said}");
    }
    for name in event
        .as_object()
        .into_iter()
        .flat_map(|members| members.keys().take(20))
    {
        assert!(said.contains(name.as_str()), "{event}: {said}");
    }
}

#[test]
fn what_is_no_request_is_named() {
    let connect = json!({
        "headers": {}, "multiValueHeaders": {}, "isBase64Encoded": false,
        "requestContext": {"routeKey": "$connect", "eventType": "CONNECT", "connectionId": "x", "stage": "prod"},
    });
    let mut with_method = connect.clone();
    with_method["httpMethod"] = "GET".into();
    with_method["path"] = "/".into();
    let cases = [
        (
            json!({"Records": [{"eventSource": "aws:sqs"}]}),
            "Records (SQS sends",
        ),
        (
            json!({"Records": [{"EventSource": "aws:sns"}]}),
            "(SNS sends",
        ),
        (json!({"Records": []}), "Records (S3, SQS"),
        (json!({"Records": {"a": 1}}), "Records (S3, SQS"),
        (
            json!({"records": {"topic-0": []}, "eventSource": "SelfManagedKafka"}),
            "(Kafka",
        ),
        (
            json!({"records": {}, "bootstrapServers": "b:9092"}),
            "(Kafka",
        ),
        (
            json!({"source": "aws.events", "detail-type": "x"}),
            "(EventBridge",
        ),
        (
            json!({"requestContext": {"connectionId": "x"}}),
            "(a WebSocket API",
        ),
        (connect, "(a WebSocket API"),
        (with_method, "(a WebSocket API"),
        (
            json!({"type": "TOKEN", "methodArn": "arn", "authorizationToken": "x"}),
            "an authorizer",
        ),
        (
            json!({"type": "REQUEST", "routeArn": "arn", "rawPath": "/", "requestContext": {"http": {"method": "GET"}}}),
            "an authorizer",
        ),
        (
            json!({"key1": "value1", "key2": "2", "key3": "3"}),
            "(the console's test event",
        ),
        (json!({"body": "x"}), "it has body;"),
        (
            json!({"httpMethod": "GET", "path": "/"}),
            "`requestContext`",
        ),
        (json!({"other": 1}), "it has other;"),
        (json!({}), "nothing in it"),
        (json!([1, [2]]), "a list"),
        (json!("text"), "a text"),
        (json!(1), "a number"),
        (json!(-1), "a number"),
        (json!(1.5), "a number"),
        (json!(true), "a boolean"),
        (json!(null), "null"),
    ];
    for (event, wanted) in cases {
        is_unknown(&event, &[wanted]);
    }
    let many: Vec<_> = (0..1000).map(|n| (format!("{n:0100}"), json!(n))).collect();
    let error = parse(&Value::Object(many.into_iter().collect()))
        .kind()
        .unwrap_err();
    assert!(error.to_string().len() < 2000, "{error}");
    assert!(error.to_string().contains("976 more"), "{error}");
}

/// A known member may have any type with another sender: nothing fails with the parser's message.
#[test]
fn no_shape_of_a_member_is_the_parser_s_affair() {
    let names = [
        "version",
        "resource",
        "path",
        "rawPath",
        "raw_path",
        "rawQueryString",
        "httpMethod",
        "method",
        "headers",
        "multiValueHeaders",
        "queryStringParameters",
        "query_string_parameters",
        "multiValueQueryStringParameters",
        "pathParameters",
        "cookies",
        "body",
        "isBase64Encoded",
        "is_base64_encoded",
        "requestContext",
        "Records",
        "eventSource",
    ];
    let mut deep = json!([]);
    for _ in 0..100 {
        deep = json!([deep, {"a": 1}]);
    }
    let shapes = [
        json!(null),
        json!(true),
        json!(2),
        json!(-2),
        json!(2.5),
        json!("x"),
        json!([]),
        json!([1]),
        json!([["x"]]),
        json!([null, "x"]),
        json!({}),
        json!({"a": 1}),
        json!({"a": {"b": "c"}}),
        json!({"a": [1]}),
        json!({"a": null}),
        json!({"http": 1, "identity": [], "stage": {}, "elb": null}),
        json!({"http": {"method": 1, "sourceIp": {}}}),
        deep,
    ];
    let fine = [http("/", "$default"), rest("/", "/{proxy+}", "")];
    for name in names {
        for shape in &shapes {
            is_unknown(&json!({name: shape}), &[]);
            for fine in &fine {
                let mut event = fine.clone();
                event[name] = shape.clone();
                match parse(&event).kind() {
                    Ok(_) => drop(try_read(&event, "").unwrap()),
                    Err(error) => assert_eq!(error.kind(), ErrorKind::UnknownEvent, "{event}"),
                }
            }
        }
    }
}

#[test]
fn a_request_of_another_shape_says_which_member_it_is() {
    let cases = [
        (
            "body",
            json!({"a": 1}),
            "its `body` is an object, where a text belongs",
        ),
        (
            "headers",
            json!([]),
            "its `headers` is a list, where an object of texts belongs",
        ),
        (
            "headers",
            json!({"a": 1}),
            "its `headers` is an object, where",
        ),
        (
            "cookies",
            json!("a=1"),
            "its `cookies` is a text, where a list of texts belongs",
        ),
        ("rawPath", json!(null), "it lacks a path"),
    ];
    for (name, shape, wanted) in cases {
        let mut event = http("/", "$default");
        event[name] = shape;
        is_unknown(&event, &[wanted]);
    }
    is_unknown(
        &json!({"requestContext": {"elb": {"targetGroupArn": "arn"}}}),
        &["it lacks a method"],
    );
}

#[test]
fn what_is_not_even_json_is_an_event() {
    for text in [
        "",
        "{",
        "{\"body\": \"x",
        "nonsense",
        "[1,",
        "{\"a\" 1}",
        "{\"body\": \"\\ud800\"}",
    ] {
        let event = parse_text(text);
        let error = event.kind().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnknownEvent);
        assert!(
            error
                .to_string()
                .contains("it is not JSON that can be read"),
            "{error}"
        );
    }
}

/// The events of a load balancer's health check, and of a warmer like API Gateway's test console: they contain next
/// to nothing.
#[test]
fn a_probe_is_a_request() {
    let event = json!({
        "requestContext": {"elb": {"targetGroupArn": "arn"}}, "httpMethod": "GET", "path": "/health",
        "queryStringParameters": {}, "headers": {"user-agent": "ELB-HealthChecker/2.0"}, "body": "",
        "isBase64Encoded": false,
    });
    let (kind, request, ip) = read(event, "").unwrap();
    assert_eq!(kind, Kind::LoadBalancer { has_lists: false });
    assert_eq!((request.uri().to_string().as_str(), ip), ("/health", None));
    let event =
        json!({"requestContext": {"elb": {}}, "httpMethod": "GET", "path": "/", "headers": null});
    assert!(read(event, "").unwrap().1.headers().is_empty());
}

#[test]
fn vpc_lattice_is_http() {
    let folder = samples().swap_remove(0).parent().unwrap().to_owned();
    let sample = |name: &str| file(&folder.join(format!("example-vpc-lattice-{name}.json")));
    let (_, request, ip) = read(sample("v2-request"), "").unwrap();
    assert_eq!(request.method(), "GET");
    assert_eq!(
        request.uri(),
        "/health?multi=a&multi=DEF&multi=g&state=prod"
    );
    assert_eq!(values(request.headers(), "multi"), [b"x", b"y"]);
    assert_eq!(ip.as_deref(), Some("10.0.2.100"));
    let (_, request, ip) = read(sample("v1-request"), "/api").unwrap();
    assert_eq!(request.method(), "POST");
    assert_eq!(request.uri().path(), "/product");
    assert_eq!(
        request.uri().query(),
        Some("category=electronics&limit=10&sort=price&tags=tv")
    );
    assert_eq!(values(request.headers(), "multi"), [b"abcd, DEF"]);
    assert_eq!(request.body(), r#"{"id": 5, "description": "TV"}"#);
    assert_eq!(ip.as_deref(), Some("10.0.2.100"));
    let (_, request, _) = read(sample("v2-request-base64"), "").unwrap();
    assert_eq!(request.body().get(..3), Some(&b"\x1f\x8b\x08"[..]));
    // As its first version is documented: the flag may be a string.
    let mut event = sample("v1-request");
    event["is_base64_encoded"] = "true".into();
    event["body"] = "eA==".into();
    assert_eq!(read(event, "").unwrap().1.body(), "x");
}
