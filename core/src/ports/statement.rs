//! What a port must know of a statement in the dialect of SQLite: where it ends, what it begins with, and where its parameters stand. It follows
//! SQLite, which services/tests compare it with.

use alloc::format;
use alloc::vec::Vec;
use core::ops::Range;

use super::Error;
use super::lexer::{Lexer, Token};
use super::sql::{PARAMETER_LIMIT, Statement, invalid};

/// What begins a statement that is about more than its own rows: transactions are by batch, and no target has other files.
const REFUSED: [&str; 10] = [
    "attach",
    "begin",
    "commit",
    "detach",
    "end",
    "pragma",
    "release",
    "rollback",
    "savepoint",
    "vacuum",
];

/// A place where a parameter stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placeholder {
    /// Its bytes in the text of the statement.
    pub range: Range<usize>,
    /// Which parameter it is, from 1 on.
    pub number: usize,
}

/// What a text of one statement is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outline {
    /// The bytes of the statement, without what is around it: spaces, comments, and the `;` at its end.
    pub range: Range<usize>,
    /// Where its parameters stand, in their order.
    pub placeholders: Vec<Placeholder>,
}

/// What a text of one statement is made of.
///
/// # Errors
///
/// [`Invalid`](super::ErrorKind::Invalid) for a text of no statement or of several, for one that is none of a port's, and for a parameter
/// by a name or beyond `?100`.
pub fn outline(text: &str) -> Result<Outline, Error> {
    let mut outline = Outline::default();
    let mut highest = 0;
    let mut form = Form::default();
    let mut lexer = Lexer::new(text);
    while let Some((token, range)) = lexer.next() {
        if form.is_over && token != Token::Semicolon {
            return Err(invalid(
                "there is a second one behind a `;`: run them as a batch",
            ));
        }
        let word = text.get(range.clone()).unwrap_or_default();
        let is_first = form.is_empty() && token != Token::Semicolon;
        if is_first
            && !(token == Token::Word && word.starts_with(|char: char| char.is_ascii_alphabetic()))
        {
            return Err(invalid("it does not begin with a word of SQL"));
        }
        if is_first && is_any(word, &REFUSED) {
            return Err(invalid(
                "it begins with a word that ports refuse: transactions are by `batch`, and there are no settings or other files",
            ));
        }
        match token {
            Token::Named => {
                return Err(invalid(
                    "a parameter has a name: `?1` is the first one on every target",
                ));
            }
            Token::Placeholder => {
                let number = match word.get(1..) {
                    Some("") | None => highest + 1,
                    Some(digits) => digits.parse().unwrap_or(usize::MAX),
                };
                if !(1..=PARAMETER_LIMIT).contains(&number) {
                    return Err(invalid("parameters are `?1` to `?100`"));
                }
                highest = highest.max(number);
                outline.placeholders.push(Placeholder {
                    range: range.clone(),
                    number,
                });
            }
            _ => {}
        }
        if token != Token::Semicolon {
            if form.begin == Begin::Nothing {
                outline.range.start = range.start;
            }
            outline.range.end = range.end;
        }
        form.take(token, word);
    }
    if form.is_empty() {
        return Err(invalid("it is empty"));
    }
    Ok(outline)
}

pub(super) fn check(statement: &Statement) -> Result<(), Error> {
    let Statement { text, parameters } = statement;
    let places = outline(text)?.placeholders;
    let named = places.iter().map(|place| place.number).max();
    let (named, given) = (named.unwrap_or_default(), parameters.len());
    if named != given {
        return Err(invalid(&format!(
            "it has {named} parameters, and {given} were given"
        )));
    }
    Ok(())
}

fn is_any(word: &str, words: &[&str]) -> bool {
    words.iter().any(|other| word.eq_ignore_ascii_case(other))
}

/// How far a statement has come, as far as that decides where it ends: the statements inside of a trigger end with `;`, too, and
/// the trigger with `; END ;` (<https://sqlite.org/c3ref/complete.html>).
#[derive(Default)]
struct Form {
    begin: Begin,
    /// How much of `; END` was there last, in a trigger.
    end: u8,
    is_over: bool,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Begin {
    #[default]
    Nothing,
    Explain,
    Create,
    Trigger,
    Other,
}

impl Form {
    fn is_empty(&self) -> bool {
        matches!(self.begin, Begin::Nothing | Begin::Explain)
    }

    fn take(&mut self, token: Token, word: &str) {
        if token == Token::Semicolon {
            self.is_over |= match self.begin {
                Begin::Nothing => false,
                Begin::Trigger => self.end == 2,
                _ => true,
            };
            self.end = 1;
            return;
        }
        let is = |words: &[&str]| token == Token::Word && is_any(word, words);
        self.end = if self.end == 1 && is(&["end"]) { 2 } else { 0 };
        self.begin = match self.begin {
            Begin::Nothing if is(&["explain"]) => Begin::Explain,
            Begin::Explain if is(&["query", "plan"]) => Begin::Explain,
            Begin::Nothing | Begin::Explain if is(&["create"]) => Begin::Create,
            Begin::Create if is(&["temp", "temporary"]) => Begin::Create,
            Begin::Create if is(&["trigger"]) => Begin::Trigger,
            Begin::Trigger => Begin::Trigger,
            _ => Begin::Other,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::sql::{CELL_LIMIT, STATEMENT_LIMIT};
    use crate::ports::{ErrorKind, Sqlite};
    use alloc::string::ToString as _;

    #[test]
    fn parameters_are_found_where_sqlite_finds_them() {
        for (text, wanted) in [
            ("SELECT 1", &[][..]),
            ("SELECT ?1, ?, ?2, ?", &[1, 2, 2, 3]),
            ("SELECT '?1 '' ?2', \"?3\", `?4`, [?5], ?", &[1]),
            ("SELECT 1 -- ?1\n, ?2 /* ?3 * / ?4 */ - -?5 ;;", &[2, 5]),
            ("SELECT a?1, ä?2, x'00'?3", &[1, 2, 3]),
            ("SELECT 1 /* ?1", &[]),
            ("SELECT a$b, 3/?1", &[1]),
            ("; SELECT ?7", &[7]),
        ] {
            let outline = outline(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let found = outline.placeholders;
            let numbers: Vec<usize> = found.iter().map(|place| place.number).collect();
            assert_eq!(numbers, wanted, "{text}");
            for place in found {
                assert!(text[place.range].starts_with('?'), "{text}");
            }
        }
    }

    #[test]
    fn a_text_is_one_statement() {
        for text in [
            "CREATE TRIGGER a AFTER INSERT ON b BEGIN SELECT CASE WHEN 1 THEN 2 END; DELETE FROM c; END;",
            "create temp trigger a after insert on b begin select 1; end",
            "EXPLAIN QUERY PLAN SELECT 1;",
            "CREATE TABLE a (b); -- and no more",
            "WITH a AS (SELECT 1) SELECT ';' FROM a",
        ] {
            assert!(outline(text).is_ok(), "{text}");
        }
        for (text, why) in [
            ("", "empty"),
            (" ; -- no\n", "empty"),
            ("SELECT 1; SELECT 2", "second"),
            ("CREATE TABLE a (b); DROP TABLE a", "second"),
            (
                "CREATE TRIGGER a AFTER INSERT ON b BEGIN SELECT 1; END; SELECT 2",
                "second",
            ),
            ("BEGIN", "batch"),
            (" /* x */ Commit;", "batch"),
            ("PRAGMA foreign_keys = off", "settings"),
            ("explain vacuum", "settings"),
            ("ATTACH 'x' AS y", "settings"),
            ("\u{feff}BEGIN", "batch"),
            ("\u{a0}COMMIT", "word of SQL"),
            (" \u{b}BEGIN", "batch"),
            ("(SELECT 1)", "word of SQL"),
            ("'BEGIN'", "word of SQL"),
            ("SELECT :name", "name"),
            ("SELECT @name, 1", "name"),
            ("SELECT $name", "name"),
            ("SELECT ?0", "?100"),
            ("SELECT ?101", "?100"),
            ("SELECT ?99999999999999999999", "?100"),
        ] {
            let error = outline(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{text}");
            assert!(error.to_string().contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_around_a_statement_is_none_of_it() {
        for (text, wanted) in [
            ("SELECT 1", "SELECT 1"),
            (" ;-- no\n SELECT ';' ; ; /* no */", "SELECT ';'"),
            (
                "CREATE TRIGGER a AFTER INSERT ON b BEGIN SELECT 1; END;",
                "CREATE TRIGGER a AFTER INSERT ON b BEGIN SELECT 1; END",
            ),
        ] {
            assert_eq!(&text[outline(text).unwrap().range], wanted, "{text}");
        }
    }

    #[test]
    fn statements_are_held_to_what_all_databases_take() {
        let one = || Statement::new("SELECT ?1");
        assert!(one().bind("x").check::<Sqlite>().is_ok());
        for (statement, kind) in [
            (one(), ErrorKind::Invalid),
            (one().bind(1).bind(2), ErrorKind::Invalid),
            (Statement::new("SELECT '\0'"), ErrorKind::Invalid),
            (one().bind("x".repeat(CELL_LIMIT + 1)), ErrorKind::TooLarge),
            (
                Statement::new(" ".repeat(STATEMENT_LIMIT + 1)),
                ErrorKind::TooLarge,
            ),
        ] {
            assert_eq!(
                statement.check::<Sqlite>().unwrap_err().kind(),
                kind,
                "{statement:?}"
            );
        }
    }
}
