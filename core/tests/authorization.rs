//! Who a request is from, as an argument of a handler.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use guru_core::app::{Basic, Bearer};
use guru_core::{App, Error, Method, Result, memory};

type Values<'a> = &'a [&'a [u8]];

const MISSING: &str = r#"Basic realm="restricted", charset="UTF-8""#;

fn client() -> memory::Client {
    let basic = |Basic { user, password }: Basic| async move { format!("{user:?} {password:?}") };
    let bearer = |Bearer(token): Bearer| async move { token };
    let either = |basic: Option<Basic>, bearer: Option<Bearer>| async move {
        format!("{} {}", basic.is_some(), bearer.is_some())
    };
    let left = |basic: Result<Basic>| async move { basic.is_ok().to_string() };
    let app = App::new()
        .get("/basic", basic)
        .get("/bearer", bearer)
        .get("/either", either)
        .get("/left", left);
    memory::Client::new(app).unwrap()
}

fn ask(client: &memory::Client, target: &str, values: Values<'_>) -> memory::Reply {
    let call = client.request(Method::GET, target);
    let call = values
        .iter()
        .fold(call, |call, value| call.header("authorization", value));
    call.send()
}

fn basic(pair: impl AsRef<[u8]>) -> String {
    format!("Basic {}", STANDARD.encode(pair))
}

#[test]
fn a_name_and_a_password_are_read() {
    let client = client();
    for (value, text) in [
        // The examples of RFC 7617, sections 2 and 2.1.
        (
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==".to_owned(),
            r#""Aladdin" "open sesame""#,
        ),
        ("Basic dGVzdDoxMjPCow==".to_owned(), r#""test" "123£""#),
        ("bAsIc   dGVzdDoxMjPCow==".to_owned(), r#""test" "123£""#),
        (basic("a:b:c"), r#""a" "b:c""#),
        (basic(":"), r#""" """#),
        (basic("a:"), r#""a" """#),
        (basic(":b"), r#""" "b""#),
    ] {
        let answer = ask(&client, "/basic", &[value.as_bytes()]);
        answer.assert_status(200).assert_text(text);
    }
}

#[test]
fn a_token_is_read() {
    let client = client();
    for (value, text) in [
        ("Bearer mF_9.B5f-4.1JqM", "mF_9.B5f-4.1JqM"),
        ("BEARER a", "a"),
        ("bearer  a~+/==", "a~+/=="),
    ] {
        let answer = ask(&client, "/bearer", &[value.as_bytes()]);
        answer.assert_status(200).assert_text(text);
    }
}

#[test]
fn what_is_missing_or_malformed_is_challenged() {
    let client = client();
    let (no_colon, control, latin) = (basic("a"), basic("a:\u{7}"), basic(b"a:\xa3"));
    let right = basic("a:b");
    let malformed: [Values<'_>; 14] = [
        &[],
        &[b"Basic"],
        &[b"Basic "],
        &[b"Basic ?"],
        &[b"Basic\tYTpi"],
        &[b"BasicYTpi"],
        &[b"Basic YT pi"],
        &[b"Basic YTpiYw=", b""],
        &[no_colon.as_bytes()],
        &[control.as_bytes()],
        &[latin.as_bytes()],
        &[right.as_bytes(), right.as_bytes()],
        &[b"Basic \xff"],
        &[b"Bearer a"],
    ];
    for values in malformed {
        let answer = ask(&client, "/basic", values);
        assert_eq!(answer.status().as_u16(), 401, "{values:?} {answer:?}");
        assert_eq!(answer.header("www-authenticate"), Some(MISSING));
        ask(&client, "/left", values).assert_text("false");
    }
    let malformed: [Values<'_>; 12] = [
        &[],
        &[b"Bearer"],
        &[b"Bearer "],
        &[b"Bearer ="],
        &[b"Bearer a b"],
        &[b"Bearer a=b"],
        &[b"Bearer a,b"],
        &[b"Bearer \xff"],
        &["Bearer ä".as_bytes()],
        &[b"Bearer a", b"Bearer a"],
        &[b"Basic YTpi"],
        &[b"Bearera"],
    ];
    for values in malformed {
        let answer = ask(&client, "/bearer", values);
        assert_eq!(answer.status().as_u16(), 401, "{values:?} {answer:?}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
}

#[test]
fn what_may_be_missing_may_not_be_malformed() {
    let client = client();
    let cases: [(Values<'_>, u16, &str); 8] = [
        (&[], 200, "false false"),
        (&[b"Basic YTpi"], 200, "true false"),
        (&[b"Bearer a"], 200, "false true"),
        (&[b"Digest a"], 200, "false false"),
        (&[b""], 200, "false false"),
        (&[b"Basic YTp"], 401, ""),
        (&[b"Bearer a b"], 401, ""),
        (&[b"Basic YTpi", b"Bearer a"], 401, ""),
    ];
    for (values, status, text) in cases {
        let answer = ask(&client, "/either", values);
        assert_eq!(answer.status().as_u16(), status, "{values:?} {answer:?}");
        if status == 200 {
            answer.assert_text(text);
        }
    }
}

#[test]
fn what_is_wrong_is_challenged_by_the_handler() {
    let challenge = |refused: fn() -> Error| {
        let handler = move || async move { Err::<(), _>(refused()) };
        let client = memory::Client::new(App::new().get("/", handler)).unwrap();
        let answer = client.get("/");
        answer.assert_status(401);
        answer.header("www-authenticate").unwrap().to_owned()
    };
    assert_eq!(
        challenge(Bearer::refused),
        r#"Bearer error="invalid_token""#
    );
    assert_eq!(
        challenge(|| Basic::refused("a \"b\" \\ c\r\nx: y")),
        r#"Basic realm="a \"b\" \\ cx: y", charset="UTF-8""#
    );
}

#[test]
fn secrets_are_not_shown() {
    let basic = Basic {
        user: "Ada".into(),
        password: "open sesame".into(),
    };
    let shown = format!("{basic:?} {:?} {basic:#?}", Bearer("t0ken".into()));
    assert!(shown.contains("Ada"), "{shown}");
    assert!(
        !shown.contains("sesame") && !shown.contains("t0ken"),
        "{shown}"
    );
}
