//! Uses libraries that many functions depend on, and reports whether the target has what they need. docs/travel.md has a table of them,
//! which is tested with these routes.

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use guru::prelude::*;
use sha2::Digest as _;

use crate::host::{Outcome, works};

/// What all of them work on.
const TEXT: &str = "the count of machines abides";

/// Uses the library that the path names; responds with `works` or what is wrong. Where the library panics, so does this.
pub(crate) async fn call(cx: Context, Path(what): Path<String>) -> Result<String> {
    let now = cx.clock().now().as_secs();
    let outcome = match &*what {
        "base64" => base64(),
        "chrono" => close(chrono::Utc::now().timestamp(), now),
        "flate2" => flate2(),
        "indexmap" => indexmap(),
        "jiff" => close(jiff::Timestamp::now().as_second(), now),
        "rand" => differ(rand::random::<u128>, rand::random),
        "rand-0-9" => differ(rand_0_9::random::<u128>, rand_0_9::random),
        "rand-0-8" => differ(rand_0_8::random::<u128>, rand_0_8::random),
        "regex" => regex(),
        "sha2" => sha2(),
        "time" => close(time::OffsetDateTime::now_utc().unix_timestamp(), now),
        "url" => url(),
        "uuid" => differ(
            || uuid::Uuid::now_v7().as_u128(),
            || uuid::Uuid::new_v4().as_u128(),
        ),
        _ => return Err(Error::not_found()),
    };
    Ok(outcome.unwrap_or_else(|error| error.to_string()))
}

/// Whether the library's clock is the context's.
fn close(seconds: i64, now: u64) -> Outcome {
    if u64::try_from(seconds)?.abs_diff(now) > 3600 {
        return Err("another time than the clock's".into());
    }
    works()
}

/// Whether random values are some.
fn differ(one: impl Fn() -> u128, other: impl Fn() -> u128) -> Outcome {
    let all = [one(), one(), other(), other(), 0];
    for (index, value) in all.iter().enumerate() {
        if all.iter().skip(index + 1).any(|later| later == value) {
            return Err("a value that is not random".into());
        }
    }
    works()
}

fn expect<T: PartialEq + std::fmt::Debug>(found: T, expected: T) -> Outcome {
    if found != expected {
        return Err(format!("{found:?}, not {expected:?}").into());
    }
    works()
}

fn base64() -> Outcome {
    let engine = base64::engine::general_purpose::STANDARD;
    expect(engine.decode(engine.encode(TEXT))?, TEXT.into())
}

fn flate2() -> Outcome {
    let level = flate2::Compression::default();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), level);
    packed.write_all(TEXT.as_bytes())?;
    let packed = packed.finish()?;
    let mut text = String::new();
    flate2::read::GzDecoder::new(&*packed).read_to_string(&mut text)?;
    expect(&*text, TEXT)
}

/// Its hasher takes its keys from the standard library, which has no randomness everywhere.
fn indexmap() -> Outcome {
    let words: indexmap::IndexMap<&str, usize> = TEXT.split(' ').zip(0..).collect();
    expect(words.get("machines"), Some(&3))
}

fn regex() -> Outcome {
    let found = regex::Regex::new(r"(\w+)s\b")?
        .captures(TEXT)
        .map(|found| found[1].to_owned());
    expect(found.as_deref(), Some("machine"))
}

fn sha2() -> Outcome {
    let start = sha2::Sha256::digest(b"abc")
        .iter()
        .take(4)
        .copied()
        .collect();
    expect::<Vec<u8>>(start, vec![0xba, 0x78, 0x16, 0xbf])
}

fn url() -> Outcome {
    let url = url::Url::parse("https://example.com/a/../b?c=%20d")?;
    expect((url.path(), url.query()), ("/b", Some("c=%20d")))
}
