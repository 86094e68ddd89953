//! The check can fail: for every kind of expectation there is a response that meets it and one that does not.

use super::*;
use serde_json::json;

fn expectation(members: Value) -> Expectation {
    let mut whole = json!({"status": 200});
    for (name, value) in members.as_object().unwrap() {
        whole[name] = value.clone();
    }
    serde_json::from_value(whole).unwrap()
}

fn answer(headers: &[(&str, &[u8])], body: &[u8]) -> RawResponse {
    RawResponse {
        status: 200,
        headers: headers
            .iter()
            .map(|(name, value)| (name.as_bytes().to_vec(), value.to_vec()))
            .collect(),
        body: body.to_vec(),
        ..RawResponse::default()
    }
}

/// Asserts that `good` meets the expectation and that each of `bad` fails it at `place`.
fn told_apart(members: Value, good: &RawResponse, bad: &[(RawResponse, &str)]) {
    let expectation = expectation(members.clone());
    assert_eq!(
        check(&expectation, good, &[]),
        [],
        "{members} refuses the right answer"
    );
    for (wrong, place) in bad {
        let places: Vec<String> = check(&expectation, wrong, &[])
            .into_iter()
            .map(|mismatch| mismatch.place)
            .collect();
        assert!(
            places.iter().any(|found| found.starts_with(place)),
            "{members} finds {places:?}, not {place}, in {wrong:?}"
        );
    }
}

#[test]
fn a_status() {
    let mut wrong = answer(&[], b"");
    wrong.status = 201;
    told_apart(json!({}), &answer(&[], b""), &[(wrong.clone(), "status")]);
    told_apart(
        json!({"status": {"$one_of": [200, 204]}}),
        &answer(&[], b""),
        &[(wrong, "status")],
    );
}

#[test]
fn bytes_after_the_answer() {
    let mut wrong = answer(&[], b"");
    wrong.surplus = b"body".to_vec();
    told_apart(json!({}), &answer(&[], b""), &[(wrong, "after the answer")]);
}

#[test]
fn the_values_of_a_header() {
    let good = answer(
        &[
            ("Set-Cookie", b"a=1, 2"),
            ("x", b""),
            ("set-cookie", b"b\xff"),
        ],
        b"",
    );
    let demand =
        json!({"headers": {"set-cookie": ["a=1, 2", "b\u{ff}"], "x": [""], "y": null, "z": []}});
    told_apart(
        demand,
        &good,
        &[
            (
                answer(
                    &[
                        ("set-cookie", b"b\xff"),
                        ("set-cookie", b"a=1, 2"),
                        ("x", b""),
                    ],
                    b"",
                ),
                "header set-cookie",
            ),
            (
                answer(&[("set-cookie", b"a=1, 2, b\xff"), ("x", b"")], b""),
                "header set-cookie",
            ),
            (
                answer(&[("set-cookie", b"a=1, 2"), ("x", b"")], b""),
                "header set-cookie",
            ),
            (
                answer(
                    &[
                        ("set-cookie", b"a=1, 2"),
                        ("set-cookie", b"b\xc3\xbf"),
                        ("x", b""),
                    ],
                    b"",
                ),
                "header set-cookie",
            ),
            (
                answer(&[("set-cookie", b"a=1, 2"), ("set-cookie", b"b\xff")], b""),
                "header x",
            ),
            (
                answer(
                    &[
                        ("set-cookie", b"a=1, 2"),
                        ("set-cookie", b"b\xff"),
                        ("x", b""),
                        ("y", b""),
                    ],
                    b"",
                ),
                "header y",
            ),
            (
                answer(
                    &[
                        ("set-cookie", b"a=1, 2"),
                        ("set-cookie", b"b\xff"),
                        ("x", b""),
                        ("z", b"1"),
                    ],
                    b"",
                ),
                "header z",
            ),
        ],
    );
}

#[test]
fn a_header_that_matches_or_lacks() {
    told_apart(
        json!({"headers": {"allow": {"$matches": "^GET"}}}),
        &answer(&[("allow", b"GET, HEAD")], b""),
        &[
            (answer(&[("allow", b"POST")], b""), "header allow"),
            (answer(&[], b""), "header allow"),
            (
                answer(&[("allow", b"GET"), ("allow", b"GET")], b""),
                "header allow",
            ),
        ],
    );
    told_apart(
        json!({"headers": {"connection": {"$lacks": "close"}}}),
        &answer(&[("connection", b"keep-alive")], b""),
        &[(
            answer(
                &[("connection", b"keep-alive"), ("connection", b"x, close")],
                b"",
            ),
            "header connection",
        )],
    );
}

#[test]
fn a_body() {
    let other = |body: &[u8]| vec![(answer(&[], body), "body")];
    told_apart(json!({"text": "ok"}), &answer(&[], b"ok"), &other(b"ok\n"));
    told_apart(
        json!({"text": {"$matches": "^[0-9]+$"}}),
        &answer(&[], b"12"),
        &other(b"1\xff"),
    );
    told_apart(
        json!({"base64": "/wA="}),
        &answer(&[], b"\xff\0"),
        &other(b"\xff"),
    );
    told_apart(json!({"empty": true}), &answer(&[], b""), &other(b"x"));
    told_apart(
        json!({"repeat": {"byte": 65, "count": 3}}),
        &answer(&[], b"AAA"),
        &other(b"AAAA"),
    );
}

#[test]
fn a_member_of_a_json_body() {
    let demand =
        json!({"json": {"": {"$keys": ["a", "b"]}, "/a/0": 1, "/b": {"$not": {"$matches": "x"}}}});
    told_apart(
        demand,
        &answer(&[], br#"{"b":"y","a":[1]}"#),
        &[
            (answer(&[], br#"{"b":"y","a":[1],"c":0}"#), "json"),
            (answer(&[], br#"{"b":"y","a":[2]}"#), "json /a/0"),
            (answer(&[], br#"{"b":"y","a":[]}"#), "json /a/0"),
            (answer(&[], br#"{"b":"axa","a":[1]}"#), "json /b"),
            (answer(&[], br#"{"a":[1]}"#), "json /b"),
            (answer(&[], b"<html>"), "body"),
        ],
    );
    for (kind, good) in [
        ("null", "null"),
        ("boolean", "true"),
        ("number", "1"),
        ("string", "\"\""),
        ("array", "[]"),
        ("object", "{}"),
    ] {
        let wrong = if kind == "null" { "0" } else { "null" };
        told_apart(
            json!({"json": {"": {"$type": kind}}}),
            &answer(&[], good.as_bytes()),
            &[(answer(&[], wrong.as_bytes()), "json")],
        );
    }
}

#[test]
fn an_error() {
    let json = [("content-type", b"application/json".as_slice())];
    let good = answer(
        &json,
        br#"{"status":"error","error":"not found","request_id":"1"}"#,
    );
    let wrong = |body: &str, place| (answer(&json, body.as_bytes()), place);
    told_apart(
        json!({"error": "not found"}),
        &good,
        &[
            (answer(&[], &good.body), "header content-type"),
            wrong(
                r#"{"status":"error","error":"gone","request_id":"1"}"#,
                "json /error",
            ),
            wrong(
                r#"{"status":"fail","error":"not found","request_id":"1"}"#,
                "json /status",
            ),
            wrong(
                r#"{"status":"error","error":"not found","request_id":""}"#,
                "json /request_id",
            ),
            wrong(
                r#"{"status":"error","error":"not found","request_id":7}"#,
                "json /request_id",
            ),
            wrong(
                r#"{"status":"error","error":"not found","request_id":"1","at":"x.rs"}"#,
                "json",
            ),
            wrong(r#"{"message":"Not Found"}"#, "json"),
        ],
    );
}

#[test]
fn a_value_that_must_differ_from_an_earlier_one() {
    let demand = expectation(json!({"json": {"/id": {"$differs_from": 0}}}));
    let [one, two, none] =
        [br#"{"id":"1"}"#.as_slice(), br#"{"id":"2"}"#, b"{}"].map(|body| answer(&[], body));
    assert_eq!(check(&demand, &two, std::slice::from_ref(&one)), []);
    assert_eq!(check(&demand, &one, std::slice::from_ref(&one)).len(), 1);
    assert_eq!(check(&demand, &none, std::slice::from_ref(&one)).len(), 1);
    assert_eq!(
        check(&demand, &one, &[none]).len(),
        1,
        "an earlier answer without the value proves nothing"
    );
    let text = expectation(json!({"text": {"$differs_from": 0}}));
    assert_eq!(check(&text, &two, std::slice::from_ref(&one)), []);
    assert_eq!(check(&text, &one, std::slice::from_ref(&one)).len(), 1);
}

#[test]
fn what_the_handler_saw() {
    let echo = |headers: Value, body: &str| {
        answer(
            &[],
            json!({"headers": headers, "body_base64": body})
                .to_string()
                .as_bytes(),
        )
    };
    let demand = json!({"seen": {"x": ["1", "\u{ff}"], "y": null}, "received": {"base64": "/wA="}});
    told_apart(
        demand,
        &echo(json!([["x", "1"], ["z", "-"], ["x", "\u{ff}"]]), "/wA="),
        &[
            (
                echo(json!([["x", "1, \u{ff}"]]), "/wA="),
                "header x as the handler saw it",
            ),
            (
                echo(json!([["x", "1"], ["x", "\u{fffd}"]]), "/wA="),
                "header x as the handler saw it",
            ),
            (
                echo(json!([["x", "1"], ["x", "\u{ff}"], ["y", ""]]), "/wA="),
                "header y as the handler saw it",
            ),
            (
                echo(json!([["x", "1"], ["x", "\u{ff}"]]), "/w=="),
                "body as the handler got it",
            ),
            (
                echo(json!([["x", "1"], ["x", "\u{ff}"]]), "no base64!"),
                "json /body_base64",
            ),
            (answer(&[], b"{}"), "body"),
        ],
    );
}

#[test]
fn a_text_that_must_be_nowhere() {
    told_apart(
        json!({"lacks": ["Panicked"]}),
        &answer(&[("x", b"1")], b"{}"),
        &[
            (answer(&[], b"the thread PANICKED at"), "anywhere"),
            (answer(&[("x-panicked", b"1")], b""), "anywhere"),
            (answer(&[("x", b"panicked")], b""), "anywhere"),
        ],
    );
}

#[test]
fn a_difference_says_where_and_what() {
    let found = check(
        &expectation(json!({"repeat": {"byte": 65, "count": 5000}})),
        &answer(&[], &[b'A'; 4999]),
        &[],
    );
    assert_eq!(found[0].place, "body, first different at byte 4999");
    assert!(
        found[0]
            .expected
            .starts_with("5000 bytes; from byte 4989 on: \"AAAAAAAAAAA\""),
        "{}",
        found[0]
    );
    let found = check(
        &expectation(json!({"headers": {"x": ["a", "b"]}})),
        &answer(&[("x", b"a,b")], b""),
        &[],
    );
    assert_eq!(
        found[0].to_string(),
        "header x\n  expected [\"a\", \"b\"]\n  got      [\"a,b\"]"
    );
}
