//! Every byte, encoded and raw, wherever an event can have it: in the path and the query, for every sender.

use form_urlencoded::byte_serialize;
use guru_core::Uri;

use super::*;

/// How one sender represents the path and query of a request. AWS decodes them as UTF-8, so an invalid byte becomes
/// U+FFFD.
struct Front {
    name: &'static str,
    kind: Kind,
    /// Builds an event from a path and the value of `q`, as the client has sent them.
    event: fn(&Sent<'_>) -> Value,
    /// Whether the path and the query are decoded.
    decodes: (bool, bool),
}

/// What a client sends: text in which each character stands for itself.
struct Sent<'a> {
    path: &'a str,
    query: &'a str,
}

impl Sent<'_> {
    fn decoded_path(&self) -> String {
        let decoded = percent_encoding::percent_decode_str(self.path);
        decoded.decode_utf8_lossy().into_owned()
    }

    /// The value of `q`, decoded as a form.
    fn decoded_query(&self) -> String {
        let mut pairs = form_urlencoded::parse(self.query.as_bytes());
        pairs.next().map(|(_, value)| value.into_owned()).unwrap()
    }
}

const FRONTS: [Front; 7] = [
    Front {
        name: "rest",
        kind: Kind::Rest,
        event: |sent| {
            json!({
                "resource": "/{proxy+}", "path": sent.path, "httpMethod": "GET", "multiValueHeaders": {},
                "multiValueQueryStringParameters": {"q": [sent.decoded_query()]},
                "pathParameters": {"proxy": sent.path.trim_start_matches('/')},
                "requestContext": {"stage": "prod"},
            })
        },
        decodes: (false, true),
    },
    Front {
        name: "http, version 1.0",
        kind: Kind::Rest,
        event: |sent| {
            json!({
                "version": "1.0", "path": format!("/prod{}", sent.path), "httpMethod": "GET", "headers": {},
                "queryStringParameters": {"q": sent.decoded_query()}, "requestContext": {"stage": "prod"},
            })
        },
        decodes: (false, true),
    },
    Front {
        name: "http",
        kind: Kind::Http,
        event: |sent| {
            json!({
                "version": "2.0", "rawPath": format!("/prod{}", sent.decoded_path()),
                "rawQueryString": sent.query, "headers": {},
                "requestContext": {"stage": "prod", "http": {"method": "GET"}},
            })
        },
        decodes: (true, false),
    },
    Front {
        name: "url",
        kind: Kind::FunctionUrl,
        event: |sent| {
            json!({
                "version": "2.0", "rawPath": sent.path, "rawQueryString": sent.query, "headers": {},
                "requestContext": {"domainName": "x.lambda-url.eu.on.aws", "http": {"method": "GET"}},
            })
        },
        decodes: (false, false),
    },
    Front {
        name: "load balancer",
        kind: Kind::LoadBalancer { has_lists: false },
        event: |sent| {
            let value = sent.query.split_once('=').unwrap().1;
            json!({
                "requestContext": {"elb": {}}, "httpMethod": "GET", "path": sent.path,
                "headers": {}, "queryStringParameters": {"q": value},
            })
        },
        decodes: (false, false),
    },
    Front {
        name: "lattice, version 2",
        kind: Kind::Lattice,
        event: |sent| {
            let value = sent.query.split_once('=').unwrap().1;
            json!({
                "version": "2.0", "path": sent.path, "method": "GET", "headers": {},
                "queryStringParameters": {"q": [value]}, "requestContext": {"serviceArn": "arn"},
            })
        },
        decodes: (false, false),
    },
    Front {
        name: "lattice, version 1",
        kind: Kind::Lattice,
        event: |sent| {
            let value = sent.query.split_once('=').unwrap().1;
            json!({
                "raw_path": sent.path, "method": "GET", "headers": {}, "body": "",
                "query_string_parameters": {"q": value}, "is_base64_encoded": false,
            })
        },
        decodes: (false, false),
    },
];

/// What the core sees in the request: the segments of the path, and the value of `q`.
fn understood(front: &Front, sent: &Sent<'_>) -> (Vec<Result<String, ()>>, String) {
    let event = (front.event)(sent);
    let (kind, request, _) = read(event.clone(), "").unwrap();
    assert_eq!(kind, front.kind, "{event}");
    let target = request.uri().path_and_query().unwrap().as_str();
    let uri = Uri::parse(target).unwrap_or_else(|error| panic!("{error}: {target:?} of {event}"));
    let segments = uri.segments().map(|segment| {
        let decoded = segment.decode().map_err(drop)?;
        Ok(decoded.into_owned())
    });
    let mut pairs = uri.pairs();
    let (name, value) = pairs.next().unwrap();
    assert_eq!(name, "q", "{target:?} of {event}");
    assert!(pairs.next().is_none(), "{target:?} of {event}");
    (segments.collect(), value.into_owned())
}

/// Each byte percent-encoded: a segment is what the client meant, wherever the event preserves that.
#[test]
fn every_byte_encoded() {
    for byte in 0..=u8::MAX {
        let path = format!("/echo/a%{byte:02X}b");
        let query = format!("q=a%{byte:02x}b");
        let meant = String::from_utf8(vec![b'a', byte, b'b']);
        for front in &FRONTS {
            let sent = Sent {
                path: &path,
                query: &query,
            };
            let (segments, value) = understood(front, &sent);
            let wanted = match (&meant, front.decodes.0) {
                // Once decoded, a slash cannot be told from a separator.
                (Ok(_), true) if byte == b'/' => vec![Ok("a".into()), Ok("b".into())],
                (Ok(meant), _) => vec![Ok(meant.clone())],
                (Err(_), true) => vec![Ok("a\u{FFFD}b".into())],
                (Err(_), false) => vec![Err(())],
            };
            assert_eq!(segments[1..], wanted, "{} {path}", front.name);
            let wanted = meant.clone().unwrap_or_else(|_| "a\u{FFFD}b".into());
            assert_eq!(value, wanted, "{} {query}", front.name);
        }
    }
}

/// Each single-byte character as it is, and some longer ones: clients must not send them, and do. They arrive, or
/// become data of the path.
#[test]
fn every_character_raw() {
    let more = [
        '\u{80}', '\u{A0}', 'ü', 'ÿ', '☃', '🦀', '\u{FFFD}', '\u{FEFF}', '\u{202E}',
    ];
    for character in ('\0'..='\u{7f}').chain(more) {
        let meant = format!("a{character}b");
        let path = format!("/echo/{meant}");
        for front in &FRONTS {
            // These have a special meaning in a query.
            let query = match character {
                '&' | '+' => format!("q=a%{:02X}b", u32::from(character)),
                other => format!("q=a{other}b"),
            };
            let sent = Sent {
                path: &path,
                query: &query,
            };
            let (segments, value) = understood(front, &sent);
            let wanted = match character {
                '/' => vec![Ok("a".into()), Ok("b".into())],
                _ => vec![Ok(meant.clone())],
            };
            assert_eq!(segments[1..], wanted, "{} {path:?}", front.name);
            assert_eq!(value, meant, "{} {query:?}", front.name);
        }
    }
}

/// The same in a name, which only a query of pairs has separately.
#[test]
fn every_character_in_a_name() {
    let names = ('\0'..='\u{ff}').chain(['☃', '🦀', '\u{FFFD}']);
    for name in names.map(|character| format!("a{character}b")) {
        let event = json!({
            "resource": "/{proxy+}", "path": "/x", "httpMethod": "GET", "multiValueHeaders": {},
            "multiValueQueryStringParameters": {&name: ["1"]}, "requestContext": {"stage": "prod"},
        });
        let encoded: String = byte_serialize(name.as_bytes()).collect();
        let balanced = json!({
            "requestContext": {"elb": {}}, "httpMethod": "GET", "path": "/x", "headers": {},
            "queryStringParameters": {encoded: "1"},
        });
        for event in [event, balanced] {
            let (_, request, _) = read(event.clone(), "").unwrap();
            let query = request.uri().query().unwrap();
            let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
            assert_eq!(pairs, [(name.as_str().into(), "1".into())], "{event}");
        }
    }
}

/// What needs no encoding keeps its spelling, if the event preserves it.
#[test]
fn a_path_is_left_as_it_was_spelt() {
    let path = r#"/echo/-._~!$&'()*,;=:@%7E%c3%BC"{}|^[]\"#;
    for front in FRONTS.iter().filter(|front| !front.decodes.0) {
        let event = (front.event)(&Sent { path, query: "q=1" });
        let (_, request, _) = read(event, "").unwrap();
        assert_eq!(request.uri().path(), path, "{}", front.name);
    }
}
