//! Texts that clients send, and those that they get: names, slugs and times.

use std::time::Duration;

use guru::ports::Timestamp;
use guru::prelude::*;
use serde::Serializer;

/// How many letters a name, a title or a tag may have, and how many a slug takes of a title.
const LONGEST: usize = 255;
const SLUG: usize = 80;

/// What the letters are that make a slug somebody's own, and how many.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
const OWN: usize = 8;

/// A field that has something in it, as a 422 says where it has not.
pub(crate) fn required(name: &str, value: &str) -> Result<String> {
    let value = value.trim();
    if value.is_empty() {
        return Err(invalid(name, "can't be blank"));
    }
    Ok(value.to_owned())
}

/// A [`required`] field of one line.
pub(crate) fn line(name: &str, value: &str) -> Result<String> {
    let value = required(name, value)?;
    if value.chars().any(char::is_control) {
        return Err(invalid(name, "has more than one line"));
    }
    if value.chars().count() > LONGEST {
        return Err(invalid(name, "has more than 255 letters"));
    }
    Ok(value)
}

/// An address that mail could be sent to.
pub(crate) fn email(value: &str) -> Result<String> {
    let value = line("email", value)?;
    match value.split_once('@') {
        Some((name, host)) if !name.is_empty() && !host.is_empty() => Ok(value),
        _ => Err(invalid("email", "is no address")),
    }
}

/// A field that may be left out.
pub(crate) fn if_said(
    value: Option<String>,
    check: impl FnOnce(&str) -> Result<String>,
) -> Result<Option<String>> {
    value.as_deref().map(check).transpose()
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
