//! Texts that clients send, and those that they get: names, slugs and times.

use std::time::Duration;

use guru::ports::Timestamp;
use guru::prelude::*;
use serde::{Deserializer, Serializer};

/// How many letters a field of one line may have. An address of mail has no more (RFC 5321, section 4.5.3.1.3).
const USERNAME: usize = 64;
const EMAIL: usize = 254;
pub(crate) const TITLE: usize = 200;
pub(crate) const TAG: usize = 64;

/// How many bytes other fields may have. Lists repeat all of them but an article's body, and what a database call gives back is 16 MiB
/// at most: a page of 100 articles has some 1.3 MB then, and 200 comments have some 4.3 MB; three times
/// that where all of it is the letter of the number 0, for which the database keeps another.
pub(crate) const SHORT: usize = 2_000;
pub(crate) const COMMENT: usize = 16_000;
pub(crate) const ARTICLE: usize = 256_000;

/// How long a password is, in bytes.
const PASSWORD: std::ops::RangeInclusive<usize> = 8..=128;

/// How many letters a slug takes of a title.
const SLUG: usize = 80;

/// What the letters are that make a slug somebody's own, and how many.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
const OWN: usize = 8;

/// A field of no more than so many bytes, as a 422 says where it is longer.
pub(crate) fn short(name: &str, value: &str, most: usize) -> Result<String> {
    if value.len() > most {
        return Err(invalid(name, &format!("has more than {most} bytes")));
    }
    Ok(value.to_owned())
}

/// A [`short`] field that has something in it.
pub(crate) fn required(name: &str, value: &str, most: usize) -> Result<String> {
    let value = value.trim();
    if value.is_empty() {
        return Err(invalid(name, "can't be blank"));
    }
    short(name, value, most)
}

/// A field of one line that has something in it, and no more than so many letters.
pub(crate) fn line(name: &str, value: &str, most: usize) -> Result<String> {
    let value = required(name, value, usize::MAX)?;
    if value.chars().any(char::is_control) {
        return Err(invalid(name, "has more than one line"));
    }
    if value.chars().count() > most {
        return Err(invalid(name, &format!("has more than {most} letters")));
    }
    Ok(value)
}

pub(crate) fn username(value: &str) -> Result<String> {
    line("username", value, USERNAME)
}

/// An address that mail could be sent to, as [`lower`] has it.
pub(crate) fn email(value: &str) -> Result<String> {
    let value = line("email", &lower(value), EMAIL)?;
    match value.split_once('@') {
        Some((name, host)) if !name.is_empty() && !host.is_empty() => Ok(value),
        _ => Err(invalid("email", "is no address")),
    }
}

/// An address as it is kept and looked for. A database does it in its own way: SQLite has the letters of ASCII alone.
pub(crate) fn lower(email: &str) -> String {
    email.trim().to_lowercase()
}

/// A password as it is typed: nothing is trimmed.
pub(crate) fn password(value: &str) -> Result<String> {
    if value.trim().is_empty() {
        return Err(invalid("password", "can't be blank"));
    }
    if !PASSWORD.contains(&value.len()) {
        return Err(invalid("password", "has to have 8 to 128 bytes"));
    }
    Ok(value.to_owned())
}

/// A field that has to be said. One that is missing, or `null`, is an empty one to its check.
pub(crate) fn said(
    value: Option<String>,
    check: impl FnOnce(&str) -> Result<String>,
) -> Result<String> {
    check(value.as_deref().unwrap_or_default())
}

/// A field that may be left out.
pub(crate) fn if_said(
    value: Option<String>,
    check: impl FnOnce(&str) -> Result<String>,
) -> Result<Option<String>> {
    value.as_deref().map(check).transpose()
}

/// A field that `null` empties; one that is left out needs `default`.
pub(crate) fn or_empty<'de, D: Deserializer<'de>>(value: D) -> Result<Option<String>, D::Error> {
    let value = Option::deserialize(value)?;
    Ok(Some(value.unwrap_or_default()))
}

/// A 422 about a field.
pub(crate) fn invalid(name: &str, problem: &str) -> Error {
    Error::new(ErrorKind::Unprocessable, format!("{name} {problem}"))
}

/// What an article may be called in a URL, best first: its title alone, and then with letters of its own, which nobody else has.
pub(crate) fn slugs(cx: &Context, title: &str) -> Vec<String> {
    let plain = slug(title);
    let letters = (0..OWN).map(|_| char::from(*cx.random().choose(LETTERS)));
    let own: String = letters.collect();
    // There is nothing in it, or it is a path of the API's.
    if plain.is_empty() || plain == "feed" {
        return vec![format!("article-{own}")];
    }
    let unique = format!("{plain}-{own}");
    vec![plain, unique]
}

/// The words of a text in ASCII, with a `-` between them.
fn slug(title: &str) -> String {
    let ascii = deunicode::deunicode(title).to_ascii_lowercase();
    let words = ascii.split(|char: char| !char.is_ascii_alphanumeric());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    let slug: String = words.join("-").chars().take(SLUG).collect();
    slug.trim_end_matches('-').to_owned()
}

/// A moment, in milliseconds since 1970 to the database, and as `2016-02-18T03:22:56.637Z` to clients.
#[derive(Clone, Copy, Deserialize)]
pub(crate) struct Time(u64);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let time = Timestamp::new(Duration::from_millis(self.0));
        serializer.serialize_str(time.as_str())
    }
}

/// Now, as the database has it.
pub(crate) fn now(cx: &Context) -> i64 {
    let now = cx.clock().now().as_millis();
    i64::try_from(now).unwrap_or(i64::MAX)
}
