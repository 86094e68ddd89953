//! Compares events with live captures of the same request, and with the types of `aws_lambda_events`.

use aws_lambda_events::alb::AlbTargetGroupRequest;
use aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayV2httpRequest};
use aws_lambda_events::lambda_function_urls::LambdaFunctionUrlRequest;

use super::*;

/// A capture, its members that belong to one API or one moment, and the stage that it went through.
struct Capture {
    front: Front,
    file: &'static str,
    stage: &'static str,
    ignored: &'static [&'static str],
}

const CAPTURES: [Capture; 4] = [
    Capture {
        front: Front::Rest,
        file: "apigwv1-request.json",
        stage: "live",
        ignored: &[
            "/headers/X-Amzn-Trace-Id",
            "/multiValueHeaders/X-Amzn-Trace-Id",
            "/requestContext/accountId",
            "/requestContext/apiId",
            "/requestContext/domainName",
            "/requestContext/domainPrefix",
            "/requestContext/extendedRequestId",
            "/requestContext/requestId",
            "/requestContext/requestTime",
            "/requestContext/requestTimeEpoch",
            "/requestContext/resourceId",
            // The captured API has no binary media types; the bodies are compared separately.
            "/body",
            "/isBase64Encoded",
        ],
    },
    Capture {
        front: Front::Http,
        file: "apigwv2-request.json",
        stage: "$default",
        ignored: &VERSION_2,
    },
    Capture {
        front: Front::Url,
        file: "functionurl-request.json",
        stage: "$default",
        ignored: &VERSION_2,
    },
    Capture {
        front: Front::Alb,
        file: "alb-request.json",
        stage: "$default",
        ignored: &[
            "/multiValueHeaders/x-amzn-trace-id",
            "/requestContext/elb/targetGroupArn",
        ],
    },
];

const VERSION_2: [&str; 8] = [
    "/headers/x-amzn-trace-id",
    "/requestContext/accountId",
    "/requestContext/apiId",
    "/requestContext/domainName",
    "/requestContext/domainPrefix",
    "/requestContext/requestId",
    "/requestContext/time",
    "/requestContext/timeEpoch",
];

fn captured(file: &str) -> Value {
    let path = format!("{}/../tests/captures/{file}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The captured request, sent to the host of that capture.
fn request(capture: &Value) -> http::Request<Bytes> {
    let host = [
        "/headers/host",
        "/headers/Host",
        "/multiValueHeaders/host/0",
    ];
    let host = host
        .iter()
        .find_map(|place| capture.pointer(place)?.as_str());
    let query = "repeat=one&repeat=two&redirect=https%3A%2F%2Fexample.com%2Fa%2Fb&literalPlus=a+b&encodedPlus=a%2Bb&empty=";
    let body = capture["body"].as_str().unwrap();
    http::Request::post(format!("/capture/space%20value?{query}"))
        .header("host", host.unwrap())
        .header("user-agent", "curl/8.7.1")
        .header("accept", "*/*")
        .header("cookie", "session=abc123; theme=dark")
        .header("x-voker-probe", "first")
        .header("x-voker-probe", "second")
        .header("content-type", "application/json")
        .header("content-length", body.len())
        .body(Bytes::from(body.to_owned()))
        .unwrap()
}

fn made(capture: &Capture) -> Value {
    let route = Route {
        path: "/capture/space%20value",
        stage: capture.stage,
        client: [68, 8, 83, 18].into(),
    };
    event(capture.front, &request(&captured(capture.file)), route)
}

/// Every path in the tree with its value, except null. Go serializes null as an empty string, and a missing value as
/// an object of empty strings. In the request context, where no value is empty otherwise, those are omitted too.
fn places(tree: &Value, at: String, places: &mut BTreeMap<String, Value>) {
    match tree {
        Value::Null => {}
        Value::String(text) if text.is_empty() && at.starts_with("/requestContext") => {}
        Value::Object(members) => {
            for (name, value) in members {
                self::places(value, format!("{at}/{name}"), places);
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                self::places(value, format!("{at}/{index}"), places);
            }
        }
        value => {
            places.insert(at, value.clone());
        }
    }
}

#[test]
fn the_same_request_makes_the_same_event() {
    for capture in &CAPTURES {
        let (mut wanted, mut got) = (BTreeMap::new(), BTreeMap::new());
        places(&captured(capture.file), String::new(), &mut wanted);
        places(&made(capture), String::new(), &mut got);
        let is_ignored = |place: &String| capture.ignored.iter().any(|i| place.starts_with(i));
        wanted.retain(|place, _| !is_ignored(place));
        got.retain(|place, _| !is_ignored(place));
        assert!(wanted.len() > 15, "{}: {wanted:?}", capture.file);
        for (place, value) in &wanted {
            assert_eq!(Some(value), got.get(place), "{} at {place}", capture.file);
        }
        for (place, value) in &got {
            assert!(
                wanted.contains_key(place),
                "{} has no {place}: {value}",
                capture.file
            );
        }
    }
}

/// A time depends on the moment, and has the format of the capture.
#[test]
fn a_time_is_written_as_api_gateway_does() {
    let places = [
        "/requestContext/requestTime",
        "/requestContext/time",
        "/requestContext/time",
    ];
    for (capture, place) in CAPTURES.iter().zip(places) {
        let captured = captured(capture.file);
        let epoch = [
            "/requestContext/requestTimeEpoch",
            "/requestContext/timeEpoch",
        ];
        let epoch = |event: &Value| {
            let epoch = epoch
                .iter()
                .find_map(|place| event.pointer(place)?.as_i64());
            epoch.unwrap()
        };
        let moment = OffsetDateTime::from_unix_timestamp(epoch(&captured) / 1000).unwrap();
        let written = captured.pointer(place).unwrap().as_str().unwrap();
        assert_eq!(at(moment), written, "{}", capture.file);
        let made = made(capture);
        let moment = OffsetDateTime::from_unix_timestamp(epoch(&made) / 1000).unwrap();
        assert_eq!(
            made.pointer(place),
            Some(&at(moment).into()),
            "{}",
            capture.file
        );
    }
}

#[test]
fn what_connection_names_goes_no_further() {
    let request = http::Request::get("/")
        .header("connection", "X-Private, host,x-other")
        .header("host", "a")
        .header("x-private", "1")
        .header("x-other", "2")
        .header("x-kept", "3")
        .body(Bytes::new())
        .unwrap();
    let headers = headers(Front::Url, &request, [127, 0, 0, 1].into());
    for (name, is_there) in [
        ("host", true),
        ("x-kept", true),
        ("x-private", false),
        ("x-other", false),
    ] {
        assert_eq!(headers.contains_key(name), is_there, "{name}");
    }
}

#[test]
fn the_body_of_a_rest_api_is_the_same_in_base64() {
    let [capture, ..] = &CAPTURES;
    let event = made(capture);
    assert_eq!(event["isBase64Encoded"], true);
    let body = STANDARD.decode(event["body"].as_str().unwrap()).unwrap();
    let wanted = captured(capture.file);
    assert_eq!(body, wanted["body"].as_str().unwrap().as_bytes());
}

#[test]
fn events_are_of_the_types_that_the_field_has() {
    let [rest, http, url, balanced] = CAPTURES.each_ref().map(made);
    let rest: ApiGatewayProxyRequest = serde_json::from_value(rest).unwrap();
    assert_eq!(rest.path.as_deref(), Some("/capture/space%20value"));
    let http: ApiGatewayV2httpRequest = serde_json::from_value(http).unwrap();
    assert_eq!(http.raw_path.as_deref(), Some("/capture/space value"));
    let url: LambdaFunctionUrlRequest = serde_json::from_value(url).unwrap();
    assert_eq!(url.raw_path.as_deref(), Some("/capture/space%20value"));
    let balanced: AlbTargetGroupRequest = serde_json::from_value(balanced).unwrap();
    let probes = balanced.multi_value_headers.get_all("x-voker-probe");
    assert_eq!(probes.iter().count(), 2);
}

#[test]
fn a_stage_is_the_first_segment_and_nothing_else() {
    let cases = [
        ("/prod", Some("/")),
        ("/prod/", Some("/")),
        ("/prod//a", Some("//a")),
        ("/production", None),
        ("/", None),
    ];
    let path = |front, method: &str, target: &str| {
        let request = http::Request::builder().method(method).uri(target);
        let (head, ()) = request.body(()).unwrap().into_parts();
        path(front, &head).map(str::to_owned)
    };
    for (target, want) in cases {
        assert_eq!(
            path(Front::Rest, "GET", target).as_deref(),
            want,
            "{target}"
        );
    }
    assert_eq!(path(Front::Url, "GET", "/prod").as_deref(), Some("/prod"));
    assert_eq!(path(Front::Http, "CONNECT", "a:80").as_deref(), Some("/"));
}
