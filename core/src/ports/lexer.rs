//! Tokens of SQL, as SQLite cuts them (<https://sqlite.org/tokenreq.html>). What they mean is not known here.

use core::ops::Range;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    /// A keyword, an identifier without quotes, or a number.
    Word,
    /// `?` or `?1`.
    Placeholder,
    /// A parameter by a name: `:name`, `@name`, `$name`, `#name`.
    Named,
    Semicolon,
    /// A string, an identifier in quotes, or an operator.
    Other,
}

pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    /// Goes on for as long as bytes are like this.
    fn skip(&mut self, is: impl Fn(u8) -> bool) {
        while self.peek(0).is_some_and(&is) {
            self.at += 1;
        }
    }

    /// Goes behind the next of these, or to the end.
    fn skip_behind(&mut self, end: &str) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let end = rest.find(end).map_or(rest.len(), |at| at + end.len());
        self.at += end;
    }

    /// The next token and where it stands; spaces and comments are none.
    pub(super) fn next(&mut self) -> Option<(Token, Range<usize>)> {
        loop {
            self.skip(|byte| byte.is_ascii_whitespace() || byte == b'\x0b');
            match (self.peek(0)?, self.peek(1)) {
                (b'-', Some(b'-')) => self.skip_behind("\n"),
                (b'/', Some(b'*')) => {
                    self.at += 2;
                    self.skip_behind("*/");
                }
                // A byte order mark, which is a space to SQLite.
                (0xef, _)
                    if self
                        .text
                        .get(self.at..)
                        .is_some_and(|rest| rest.starts_with('\u{feff}')) =>
                {
                    self.at += '\u{feff}'.len_utf8();
                }
                _ => break,
            }
        }
        let start = self.at;
        let first = self.peek(0)?;
        self.at += 1;
        let token = match first {
            b';' => Token::Semicolon,
            b'\'' | b'"' | b'`' => {
                self.quoted(first);
                Token::Other
            }
            b'[' => {
                self.skip_behind("]");
                Token::Other
            }
            b'?' => {
                self.skip(|byte| byte.is_ascii_digit());
                Token::Placeholder
            }
            b':' | b'@' | b'#' | b'$' if self.peek(0).is_some_and(is_word) => {
                self.skip(is_word);
                Token::Named
            }
            _ if is_word(first) => {
                self.skip(is_word);
                Token::Word
            }
            _ => Token::Other,
        };
        Some((token, start..self.at))
    }

    /// Goes behind the end of what is in quotes, two of which stand for one.
    fn quoted(&mut self, quote: u8) {
        while let Some(byte) = self.peek(0) {
            self.at += 1;
            if byte == quote {
                if self.peek(0) != Some(quote) {
                    return;
                }
                self.at += 1;
            }
        }
    }
}

/// What identifiers and numbers are made of.
const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}
