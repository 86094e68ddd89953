//! Which hosts a declaration allows, and which declaration is none.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::panic::catch_unwind;

use guru_core::http::Url;
use guru_core::ports::hosts::{allows, check, is_metadata};
use proptest::prelude::*;

/// A declaration, what it allows, and what it does not.
const CASES: [(&str, &[&str], &[&str]); 17] = [
    (
        "https://api.example.com",
        &[
            "https://api.example.com/a?b",
            "HTTPS://API.EXAMPLE.COM.:443",
        ],
        &[
            "http://api.example.com",
            "http://api.example.com:443",
            "https://api.example.com:8443",
            "https://example.com",
            "https://a.api.example.com",
            "https://api.example.com.evil.com",
            "https://evil.com/https://api.example.com",
            "https://evil.com#api.example.com",
        ],
    ),
    ("http://a.com/", &["http://a.com"], &["https://a.com"]),
    (
        "http://a.com:8080",
        &["http://a.com:8080/"],
        &["http://a.com", "https://a.com:8080"],
    ),
    (
        "http://127.0.0.1:*",
        &["http://127.0.0.1", "http://127.0.0.1:1"],
        &[
            "https://127.0.0.1",
            "http://127.0.0.2",
            "http://localhost",
            "http://[::ffff:127.0.0.1]",
        ],
    ),
    (
        "https://*.example.com",
        &["https://a.example.com", "https://a.b.example.com"],
        &[
            "https://example.com",
            "https://aexample.com",
            "https://a.example.com:1",
            "https://a.example.com.evil.com",
        ],
    ),
    (
        "*://a.com",
        &["http://a.com", "https://a.com"],
        &["http://a.com:443", "https://a.com:80"],
    ),
    (
        "*://a.com:90",
        &["http://a.com:90", "https://a.com:90"],
        &["http://a.com"],
    ),
    (
        "https://*",
        &["https://a.com", "https://1.2.3.4"],
        &["http://a.com", "https://a.com:444"],
    ),
    (
        "*://*:*",
        &[
            "http://a.com",
            "https://a.com:444",
            "http://127.0.0.1:9",
            "http://[::1]:9",
            "http://169.253.169.254",
            "http://[fd00:ec3::254]",
        ],
        &[
            "http://169.254.169.254/latest/meta-data/",
            "http://169.254.170.2:80/v2/credentials",
            "http://169.254.0.1:8080",
            "http://[fd00:ec2::254]/",
            "http://[fe80::1]/",
            "http://[::ffff:169.254.169.254]/",
            "http://[::ffff:a9fe:a9fe]/",
            "http://[::169.254.169.254]/",
            "http://[64:ff9b::a9fe:a9fe]/",
            "http://metadata.google.internal/",
            "http://Metadata.Google.Internal./",
        ],
    ),
    (
        "http://*.google.internal",
        &["http://a.google.internal"],
        &["http://metadata.google.internal"],
    ),
    (
        "http://169.254.169.254",
        &["http://169.254.169.254/latest"],
        &[
            "http://169.254.170.2",
            "http://[::ffff:169.254.169.254]",
            "http://169.254.169.254:81",
        ],
    ),
    (
        "http://169.254.169.254:*",
        &["http://169.254.169.254:81"],
        &["http://169.254.169.253:81"],
    ),
    (
        "http://metadata.google.internal",
        &["http://metadata.google.internal/"],
        &[],
    ),
    (
        "http://[::1]:8080",
        &["http://[0:0::1]:8080"],
        &["http://[::2]:8080", "http://[::1]"],
    ),
    (
        "http://[0:0:0:0:0:0:0:1]",
        &["http://[::1]"],
        &["http://1.com"],
    ),
    (
        "http://[::ffff:169.254.169.254]",
        &["http://[::ffff:a9fe:a9fe]"],
        &["http://169.254.169.254"],
    ),
    (
        "http://[fd00:ec2::254]",
        &["http://[fd00:ec2::254]/latest"],
        &["http://[fd00:ec2::23]"],
    ),
];

/// What is no declaration, and a part of what is said of it.
const BAD: [(&str, &str); 32] = [
    ("", "begins with"),
    ("*", "begins with"),
    ("a.com", "begins with"),
    ("//a.com", "begins with"),
    ("ftp://a.com", "begins with"),
    ("HTTP://a.com", "begins with"),
    ("http:a.com", "begins with"),
    ("https://", "no host"),
    ("https:///", "no host"),
    ("https://:80", "no host"),
    ("https://A.com", "lower case"),
    ("https://a.com.", "dot at its end"),
    ("https://a..com", "empty"),
    ("https://*.", "no host"),
    ("https://*a.com", "only letters"),
    ("https://a.*.com", "only letters"),
    ("https://*.*.com", "only letters"),
    ("https://**", "only letters"),
    ("https://bücher.example", "punycode"),
    ("https://a.com/x", "no path"),
    ("https://a.com//", "no path"),
    ("https://a.com?x", "no path"),
    ("https://u@a.com", "no path"),
    ("https://127.1", "IPv4"),
    ("https://*.1.2.3.4", "no sub-domains"),
    ("https://a.com:", "port"),
    ("https://a.com:0", "port"),
    ("https://a.com:080", "port"),
    ("https://a.com:65536", "port"),
    ("https://a.com:80*", "port"),
    ("https://[::1", "IPv6"),
    ("https://[fe80::1%eth0]", "IPv6"),
];

fn is_allowed(pattern: &str, url: &str) -> bool {
    allows(&[pattern], &Url::parse(url).unwrap())
}

#[test]
fn what_is_declared_is_allowed_and_nothing_else() {
    for (pattern, allowed, denied) in CASES {
        check(pattern);
        for url in allowed {
            assert!(is_allowed(pattern, url), "{pattern} allows {url}");
        }
        for url in denied {
            assert!(!is_allowed(pattern, url), "{pattern} does not allow {url}");
        }
    }
    let url = Url::parse("http://b.com").unwrap();
    assert!(!allows(&[], &url));
    assert!(allows(&["http://a.com", "http://b.com"], &url));
}

#[test]
fn what_is_no_declaration_does_not_compile_and_allows_nothing() {
    for (pattern, part) in BAD {
        let problem = catch_unwind(|| check(pattern)).unwrap_err();
        let problem = problem.downcast::<String>().unwrap();
        assert!(problem.contains(part), "{pattern}: {problem}");
        assert!(!is_allowed(pattern, "https://a.com/"), "{pattern}");
    }
}

#[test]
fn an_address_counts_in_every_form() {
    for (address, is_it) in [
        ("169.254.169.254", true),
        ("169.254.0.0", true),
        ("169.255.0.0", false),
        ("127.0.0.1", false),
        ("::ffff:169.254.170.2", true),
        ("::ffff:127.0.0.1", false),
        ("::1", false),
        ("fe80::", true),
        ("febf::1", true),
        ("fec0::1", false),
        ("fd00:ec2::23", true),
        ("fd00:ec20::254", false),
        ("64:ff9b::169.254.1.1", true),
        ("64:ff9b::1.1.1.1", false),
        ("2001:db8::a9fe:a9fe", false),
    ] {
        assert_eq!(is_metadata(address.parse().unwrap()), is_it, "{address}");
    }
}

proptest! {
    #[test]
    fn what_a_host_is_called_allows_that_host_alone(host in "[a-z]{1,3}(\\.[a-z]{1,3}){0,2}", other in "[a-z.:/@#?\\[\\]0-9]{1,8}") {
        let pattern = format!("http://{host}");
        check(&pattern);
        prop_assert!(is_allowed(&pattern, &pattern));
        for text in [format!("{pattern}{other}"), format!("http://{other}{host}"), format!("http://{other}")] {
            if let Ok(url) = Url::parse(&text) {
                let is_it = url.host() == host && url.port() == 80;
                prop_assert_eq!(allows(&[&pattern], &url), is_it, "{}", text);
            }
        }
    }

    #[test]
    fn no_text_is_read_without_an_end(pattern: String, url in "https?://[a-z]{1,5}") {
        let _ = is_allowed(&pattern, &url);
    }
}
