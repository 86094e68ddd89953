//! What a port must know of a statement in the dialect of PostgreSQL: what it begins with, and where its parameters stand
//! (<https://www.postgresql.org/docs/current/sql-syntax-lexical.html>). That it is one, is the server's to say: its protocol for
//! statements with parameters takes no second one.

use alloc::format;
use alloc::vec::Vec;

use super::sql::{PARAMETER_LIMIT, SqlValue, Statement, invalid};
use super::{Error, ErrorKind, Placeholder};

/// What begins a statement about a transaction or the session: transactions are by batch, and a connection is another call's next.
const REFUSED: [&str; 22] = [
    "abort",
    "begin",
    "close",
    "commit",
    "copy",
    "deallocate",
    "declare",
    "discard",
    "end",
    "execute",
    "fetch",
    "listen",
    "load",
    "move",
    "prepare",
    "release",
    "reset",
    "rollback",
    "savepoint",
    "set",
    "start",
    "unlisten",
];

pub(super) fn check(statement: &Statement) -> Result<(), Error> {
    let rest = behind_comments(&statement.text);
    let first = rest.as_bytes().first();
    match first {
        None => return Err(invalid("it is empty")),
        // What is in brackets is a query.
        Some(b'(') => {}
        Some(first) if first.is_ascii_alphabetic() => {}
        Some(_) => return Err(invalid("it does not begin with a word of SQL")),
    }
    let word = postgres_word(&statement.text);
    if REFUSED
        .iter()
        .any(|refused| word.eq_ignore_ascii_case(refused))
    {
        return Err(invalid(&format!(
            "it begins with `{word}`, which ports refuse: transactions are by `batch`, and a setting is for one of them by \
             `SELECT set_config(name, value, true)`"
        )));
    }
    let places = postgres_placeholders(&statement.text)?;
    let named = places.iter().map(|place| place.number).max();
    let (named, given) = (named.unwrap_or_default(), statement.parameters.len());
    if named != given {
        return Err(invalid(&format!(
            "it has {named} parameters, and {given} were given"
        )));
    }
    let is_unstorable =
        |value: &SqlValue| matches!(value, SqlValue::Text(text) if text.contains('\0'));
    if statement.parameters.iter().any(is_unstorable) {
        return Err(Error::new(
            ErrorKind::InvalidKey,
            "a text has U+0000 in it, which PostgreSQL has no place for",
        ));
    }
    Ok(())
}

/// The word that a text of the dialect of PostgreSQL begins with, behind comments.
#[must_use]
pub fn postgres_word(text: &str) -> &str {
    let rest = behind_comments(text);
    let end = rest.find(|char: char| !char.is_ascii_alphabetic());
    rest.get(..end.unwrap_or(rest.len())).unwrap_or_default()
}

/// Where parameters stand in a text of the dialect of PostgreSQL, in their order.
///
/// # Errors
///
/// [`Invalid`](super::ErrorKind::Invalid) for a parameter beyond `$100`.
pub fn postgres_placeholders(text: &str) -> Result<Vec<Placeholder>, Error> {
    let mut places = Vec::new();
    let mut rest = text;
    while let Some(token) = next(rest) {
        let from = text.len() - rest.len();
        let digits = token.strip_prefix('$').unwrap_or_default();
        if digits.starts_with(|char: char| char.is_ascii_digit()) {
            let number = digits.parse().unwrap_or(usize::MAX);
            if !(1..=PARAMETER_LIMIT).contains(&number) {
                return Err(invalid("parameters are `$1` to `$100`"));
            }
            places.push(Placeholder {
                range: from..from + token.len(),
                number,
            });
        }
        rest = rest.get(token.len()..).unwrap_or_default();
    }
    Ok(places)
}

/// The token that a text begins with; what is between tokens counts as one.
fn next(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let end = match (*bytes.first()?, bytes.get(1)) {
        (b'-', Some(b'-')) => text.find(['\n', '\r']),
        (b'/', Some(b'*')) => end_of_comment(text),
        (b'e' | b'E', Some(b'\'')) => end_of_string(text, 1, b'\'', true),
        (quote @ (b'\'' | b'"'), _) => end_of_string(text, 0, quote, false),
        (b'$', Some(byte)) if byte.is_ascii_digit() => bytes
            .iter()
            .skip(1)
            .position(|byte| !byte.is_ascii_digit())
            .map(|at| at + 1),
        (b'$', _) => match dollar_tag(text) {
            Some(tag) => {
                let end = text.get(tag.len()..).unwrap_or_default().find(tag);
                end.map(|at| at + 2 * tag.len())
            }
            None => Some(1),
        },
        (byte, _) if is_word(byte) => bytes
            .iter()
            .position(|&byte| !is_word(byte) && byte != b'$'),
        _ => Some(1),
    };
    text.get(..end.unwrap_or(text.len()))
}

/// What identifiers and numbers are made of, beside `$`.
const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// `$tag$` or `$$`, which begins a string that it ends, too.
fn dollar_tag(text: &str) -> Option<&str> {
    let end = text.get(1..)?.find('$')? + 1;
    let tag = text.get(1..end)?;
    let is_tag = tag.bytes().all(is_word) && !tag.starts_with(|char: char| char.is_ascii_digit());
    text.get(..=end).filter(|_| is_tag)
}

/// Where what is in quotes has ended: two of them stand for one, and with escapes a backslash takes from the next byte what it
/// means. A string goes on behind a line's end.
fn end_of_string(text: &str, from: usize, quote: u8, escapes: bool) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = from + 1;
    loop {
        let byte = *bytes.get(at)?;
        at += 1;
        let is_doubled = byte == quote && bytes.get(at) == Some(&quote);
        if is_doubled || (escapes && byte == b'\\') {
            at += 1;
        } else if byte == quote {
            let next = escapes.then(|| continued(text, at)).flatten();
            let Some(next) = next else {
                return Some(at);
            };
            at = next;
        }
    }
}

/// Where a string goes on that has ended here: behind a quote, with a line's end before it, and comments perhaps.
fn continued(text: &str, mut at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut is_line_over = false;
    loop {
        match (*bytes.get(at)?, bytes.get(at + 1)) {
            (byte, _) if is_space(byte) => {
                is_line_over |= matches!(byte, b'\n' | b'\r');
                at += 1;
            }
            (b'-', Some(b'-')) => at += text.get(at..)?.find(['\n', '\r'])?,
            (b'\'', _) => return is_line_over.then_some(at + 1),
            _ => return None,
        }
    }
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

/// The text without the spaces and comments in front.
fn behind_comments(text: &str) -> &str {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c']);
        let comment = next(rest).filter(|token| token.starts_with("--") || token.starts_with("/*"));
        let Some(comment) = comment else {
            return rest;
        };
        rest = rest.get(comment.len()..).unwrap_or_default();
    }
}

/// Where a comment has ended that the text begins with. Comments nest.
fn end_of_comment(text: &str) -> Option<usize> {
    let (mut depth, mut at) = (0_usize, 0);
    loop {
        match text.as_bytes().get(at..at + 2)? {
            b"/*" => (depth, at) = (depth + 1, at + 2),
            b"*/" => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Postgres;
    use alloc::string::ToString as _;

    #[test]
    fn a_text_that_a_client_cannot_have_stored_is_the_clients_fault() {
        let statement = Statement::new("SELECT $1").bind("a\0b");
        let error = statement.check::<Postgres>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidKey);
        let statement = Statement::new("SELECT $1").bind(&b"a\0b"[..]);
        assert!(statement.check::<Postgres>().is_ok());
    }

    #[test]
    fn parameters_are_found_where_postgres_finds_them() {
        for (text, wanted) in [
            ("SELECT 1", &[][..]),
            ("SELECT $1, $2, $1", &[1, 2, 1]),
            ("SELECT '$1 '' $2', \"$3\"\"$4\", $5", &[5]),
            ("SELECT E'\\'$1', e'' '$2', 'a\\', $3", &[3]),
            ("SELECT E'a' -- b\n -- c\n'\\'$1', $2", &[2]),
            ("SELECT E'a'\n'\\'$1', $2, U&'\\', $3", &[2, 3]),
            ("SELECT $$ $1 $$, $a$ $1 $$ $b$ $a$, $2", &[2]),
            ("SELECT a$1, ä$2, a.$3, $4::int, x'0'||$5", &[3, 4, 5]),
            ("SELECT 1 -- $1\r, $2 /* $3 /* $4 */ */ - -$5", &[2, 5]),
            ("SELECT a ? $1, b @> '{}', c->>$2, d[$3:$4]", &[1, 2, 3, 4]),
            ("SELECT 'open $1", &[]),
            ("SELECT $a$ open $1", &[]),
            ("SELECT $", &[]),
        ] {
            let places = postgres_placeholders(text).unwrap();
            let numbers: Vec<usize> = places.iter().map(|place| place.number).collect();
            assert_eq!(numbers, wanted, "{text}");
            for place in places {
                assert!(text[place.range].starts_with('$'), "{text}");
            }
        }
        for text in ["SELECT $0", "SELECT $101", "SELECT $99999999999999999999"] {
            assert!(postgres_placeholders(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_of_a_transaction_or_a_session_is_refused() {
        for text in [
            "SELECT 1",
            " -- BEGIN\n/* COMMIT /* inside */ ROLLBACK */ select '?'",
            "(SELECT 1) UNION (SELECT 2)",
            "WITH a AS (SELECT 1) SELECT * FROM a",
            "settle",
            "VALUES (1)",
            "CREATE FUNCTION f() RETURNS int AS $$ BEGIN RETURN 1; END $$ LANGUAGE plpgsql",
        ] {
            let found = Statement::new(text).check::<Postgres>();
            assert!(found.is_ok(), "{text}: {found:?}");
        }
        for (text, why) in [
            ("", "empty"),
            (" -- no\n", "empty"),
            ("/* /* */ SELECT 1", "empty"),
            ("BEGIN", "batch"),
            ("/**/ Commit;", "batch"),
            ("-- a\rROLLBACK", "batch"),
            ("SET search_path = x", "set_config"),
            ("set\tx = 1", "set_config"),
            ("start transaction", "batch"),
            ("COPY a FROM STDIN", "`COPY`"),
            ("; SELECT 1", "word of SQL"),
            ("\u{feff}BEGIN", "word of SQL"),
            ("\u{a0}BEGIN", "word of SQL"),
            ("$1", "word of SQL"),
            ("SELECT $1", "0 were given"),
        ] {
            let error = Statement::new(text).check::<Postgres>().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{text}");
            assert!(error.to_string().contains(why), "{text}: {error}");
        }
    }
}
