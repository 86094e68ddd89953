//! Which URLs can be fetched, and what is read in them. It must not need a port.

use guru_core::http::{ErrorKind, Scheme, Url};
use proptest::prelude::*;

/// A URL; and its whole, host and port as read.
const GOOD: [(&str, &str, &str, u16); 26] = [
    ("http://a.com", "http://a.com/", "a.com", 80),
    ("https://a.com/", "https://a.com/", "a.com", 443),
    ("HtTp://A.cOm/A", "http://a.com/A", "a.com", 80),
    ("http://a.com./x", "http://a.com/x", "a.com", 80),
    ("http://a.com:80/", "http://a.com/", "a.com", 80),
    ("http://a.com:443/", "http://a.com:443/", "a.com", 443),
    ("https://a.com:0443/", "https://a.com/", "a.com", 443),
    ("http://a.com:65535", "http://a.com:65535/", "a.com", 65535),
    ("http://a.com?b", "http://a.com/?b", "a.com", 80),
    ("http://a.com/?", "http://a.com/?", "a.com", 80),
    ("http://a.com#@evil.com", "http://a.com/", "a.com", 80),
    ("http://a.com/#/ü", "http://a.com/", "a.com", 80),
    (
        "http://evil.com/?a.com",
        "http://evil.com/?a.com",
        "evil.com",
        80,
    ),
    (
        "http://evil.com/@a.com",
        "http://evil.com/@a.com",
        "evil.com",
        80,
    ),
    (
        "http://evil.com?@a.com",
        "http://evil.com/?@a.com",
        "evil.com",
        80,
    ),
    ("http://a.com//b//c/", "http://a.com//b//c/", "a.com", 80),
    (
        "http://a.com/a%2Fb/.../.x",
        "http://a.com/a%2Fb/.../.x",
        "a.com",
        80,
    ),
    (
        "http://a.com/?q=../a&b[]=1|2",
        "http://a.com/?q=../a&b[]=1|2",
        "a.com",
        80,
    ),
    (
        "http://localhost:8080/",
        "http://localhost:8080/",
        "localhost",
        8080,
    ),
    (
        "http://a_b.xn--bcher-kva/",
        "http://a_b.xn--bcher-kva/",
        "a_b.xn--bcher-kva",
        80,
    ),
    ("http://127.0.0.1/", "http://127.0.0.1/", "127.0.0.1", 80),
    ("http://127.0.0.1./", "http://127.0.0.1/", "127.0.0.1", 80),
    ("http://1.a/", "http://1.a/", "1.a", 80),
    ("http://[::1]:80", "http://[::1]/", "::1", 80),
    (
        "http://[0:0::AB]:8080/x",
        "http://[0:0::ab]:8080/x",
        "0:0::ab",
        8080,
    ),
    (
        "http://[::ffff:169.254.169.254]",
        "http://[::ffff:169.254.169.254]/",
        "::ffff:169.254.169.254",
        80,
    ),
];

/// A text that is none, and a part of what is said of it.
const BAD: [(&str, &str); 61] = [
    ("", "begins with"),
    ("a.com", "begins with"),
    ("//a.com", "begins with"),
    ("/a", "begins with"),
    ("http:a.com", "begins with"),
    ("http:/a.com", "begins with"),
    ("http:\\\\a.com", "backslash"),
    ("http://", "no host"),
    ("http:///a.com", "no host"),
    ("http://:80", "no host"),
    ("http://./", "no host"),
    ("http://?a.com", "no host"),
    ("http://#a.com", "no host"),
    ("ftp://a.com", "scheme"),
    ("wss://a.com", "scheme"),
    ("*://a.com", "scheme"),
    ("xhttp://a.com", "scheme"),
    ("javascript://a.com/%0aalert(1)", "scheme"),
    ("http://a.com@evil.com", "user name"),
    ("http://a:b@evil.com", "user name"),
    ("http://@evil.com", "user name"),
    ("http://a.com:80@evil.com", "user name"),
    ("http://a.com\\@evil.com", "backslash"),
    ("http://a.com\\.evil.com", "backslash"),
    ("http://a.com/\\evil.com", "backslash"),
    (" http://a.com", "white space"),
    ("http://a.com ", "white space"),
    ("ht\ntp://a.com", "white space"),
    ("http://a.c\tom", "white space"),
    ("http://a.com/\tb", "white space"),
    ("http://a.com/\r\nx: y", "white space"),
    ("http://a.com/#\n", "white space"),
    ("http://a.com\0.evil.com", "control"),
    ("http://a.com\u{7f}", "control"),
    ("http://a..com", "empty"),
    ("http://.a.com", "empty"),
    ("http://a.com..", "dot at its end"),
    ("http://a%2ecom", "only letters"),
    ("http://a,b.com", "only letters"),
    ("http://*.a.com", "only letters"),
    ("http://bücher.example", "punycode"),
    ("http://a。com", "punycode"),
    ("http://127.1", "IPv4"),
    ("http://2130706433", "IPv4"),
    ("http://0x7f.1", "IPv4"),
    ("http://0x7f000001", "IPv4"),
    ("http://0177.0.0.1", "IPv4"),
    ("http://127.0.0.01", "IPv4"),
    ("http://256.0.0.1", "IPv4"),
    ("http://a.0x", "IPv4"),
    ("http://1.2.3.4.5", "IPv4"),
    ("http://a.com:", "port"),
    ("http://a.com:0", "port"),
    ("http://a.com:65536", "port"),
    ("http://a.com:+80", "port"),
    ("http://a.com:80:80", "port"),
    ("http://[::1", "']'"),
    ("http://[::1]evil.com", "the path"),
    ("http://[fe80::1%25eth0]", "zone"),
    ("http://a.com/ü", "percent-encode"),
    ("http://a.com/x/%2e%2E/y", "'..'"),
];

#[test]
fn what_is_fetched_is_what_is_read() {
    for (text, whole, host, port) in GOOD {
        let url = Url::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(url.to_string(), whole, "{text}");
        assert_eq!((url.host(), url.port()), (host, port), "{text}");
        let head = format!("{}://{}", url.scheme().as_str(), url.authority());
        assert_eq!(whole.strip_prefix(&*head), Some(&*url.uri().to_string()));
        assert_eq!(Url::parse(whole).unwrap(), url, "{text}");
    }
    assert_eq!(Url::parse("https://a").unwrap().scheme(), Scheme::Https);
}

#[test]
fn what_readers_disagree_about_is_refused() {
    for (text, part) in BAD {
        let error = Url::parse(text).map_or_else(|error| error, |url| panic!("{text}: {url}"));
        assert_eq!(error.kind(), ErrorKind::Url);
        assert!(error.to_string().contains(part), "{text}: {error}");
    }
    for text in [
        format!("http://{}.com", "a".repeat(64)),
        format!("http://{}a", "a.".repeat(127)),
        format!("http://a.com/{}", "a".repeat(16 * 1024)),
    ] {
        assert!(Url::parse(&text).is_err(), "{} bytes", text.len());
    }
    let longest = format!("http://{}aaa.", "a.".repeat(125));
    assert_eq!(Url::parse(&longest).unwrap().host().len(), 253);
}

proptest! {
    #[test]
    fn a_url_is_read_the_same_again(text in "[hH]ttps?://[a-zA-Z0-9.:@_\\[\\]-]{0,16}[/?#]?\\PC{0,16}") {
        if let Ok(url) = Url::parse(&text) {
            let whole = url.to_string();
            prop_assert!(whole.is_ascii());
            prop_assert_eq!(&Url::parse(&whole).unwrap(), &url);
            let host = url.host().to_owned();
            prop_assert!(text.to_ascii_lowercase().contains(&host) || host.contains(':'));
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(text: String) {
        let _ = Url::parse(&text);
    }
}
