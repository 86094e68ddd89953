//! The size of a response once it is sent, including all escapes and everything around its content.

use super::*;

const KINDS: [Kind; 6] = [
    Kind::Rest,
    Kind::Http,
    Kind::FunctionUrl,
    Kind::LoadBalancer { has_lists: true },
    Kind::LoadBalancer { has_lists: false },
    Kind::Lattice,
];

/// A response whose content is `byte` repeated `count` times, and whose headers need many escapes.
fn with(kind: Kind, content_type: &str, byte: u8, count: usize) -> Answer {
    let response = http::Response::builder()
        .header("content-type", content_type)
        .header("x-quotes", r#""\"#.repeat(40))
        .header(
            "x-latin",
            http::HeaderValue::from_bytes(&[0xe9; 40]).unwrap(),
        )
        .header("set-cookie", "a=\"1\"")
        .header("set-cookie", "b=\"2\"")
        .body(Bytes::from(vec![byte; count]))
        .unwrap();
    Answer::new(kind, response)
}

#[test]
fn to_the_byte_what_is_sent_is_counted() {
    let contents = [
        ("text/plain", b'a'),
        ("text/plain", b'"'),
        ("text/plain", b'\\'),
        ("text/plain", b'\n'),
        ("text/plain", 0x01),
        ("text/plain", 0x7f),
        ("text/plain", 0xff),
        ("image/png", b'a'),
    ];
    for kind in KINDS {
        for (content_type, byte) in contents {
            for count in [0, 1, 2, 3, 1000] {
                let answer = with(kind, content_type, byte, count);
                let sent = serde_json::to_vec(&answer).unwrap().len();
                let shown = format!("{kind:?} {content_type} {count} times {byte:#x}: {sent}");
                assert!(answer.fits(sent), "{shown}");
                assert!(!answer.fits(sent - 1), "{shown}");
            }
        }
    }
}

/// Sizes that each vendor accepts, and sizes that it rejects: escapes count.
#[test]
fn quotes_take_twice_their_room() {
    const MIB: usize = 1024 * 1024;
    for kind in KINDS {
        let text = |byte, count| with(kind, "application/json", byte, count);
        assert!(text(b'a', 5 * MIB).fits(6 * MIB), "{kind:?}");
        assert!(!text(b'"', 4 * MIB).fits(6 * MIB), "{kind:?}");
        assert!(text(b'a', 600 * 1024).fits(MIB), "{kind:?}");
        assert!(!text(b'"', 600 * 1024).fits(MIB), "{kind:?}");
        assert!(!text(0x01, MIB + 1).fits(6 * MIB), "{kind:?}");
        assert!(
            !with(kind, "image/png", 0, 5 * MIB).fits(6 * MIB),
            "{kind:?}"
        );
    }
}
