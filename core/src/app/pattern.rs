//! Parses route patterns. Rejects the syntax of other routers, which would compile and never match.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Error, ErrorKind, Result};

/// A segment of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// A literal that the decoded segment must equal.
    Literal(&'a str),
    /// `{name}`: any non-empty segment.
    Name(&'a str),
    /// `{*name}`: the remaining segments, at least one.
    Rest(&'a str),
}

impl<'a> Part<'a> {
    const fn name(self) -> Option<&'a str> {
        match self {
            Self::Literal(_) => None,
            Self::Name(name) | Self::Rest(name) => Some(name),
        }
    }
}

/// Parses a pattern into its segments.
///
/// # Errors
///
/// [`ErrorKind::Internal`], with the correct spelling if another router's syntax is recognized.
pub(super) fn parse(pattern: &str) -> Result<Vec<Part<'_>>> {
    let path = pattern
        .strip_prefix('/')
        .ok_or_else(|| refused(pattern, "does not start with '/'"))?;
    let mut parts: Vec<Part<'_>> = Vec::new();
    for text in path.split('/') {
        if matches!(parts.last(), Some(Part::Rest(_))) {
            return Err(refused(pattern, "goes on behind a {*name}"));
        }
        let part = part(text).map_err(|reason| refused(pattern, &reason))?;
        let held = parts.iter().filter_map(|part| part.name());
        if let Some(name) = part.name()
            && held.into_iter().any(|held| held == name)
        {
            return Err(refused(pattern, &format!("has two parameters `{name}`")));
        }
        parts.push(part);
    }
    Ok(parts)
}

pub(super) fn refused(pattern: &str, reason: &str) -> Error {
    Error::new(
        ErrorKind::Internal,
        format!("the route \"{pattern}\" {reason}"),
    )
}

fn part(text: &str) -> Result<Part<'_>, String> {
    let inner = text
        .strip_prefix('{')
        .and_then(|text| text.strip_suffix('}'));
    match inner {
        Some(inner) => match inner.strip_prefix('*') {
            Some(name) if is_name(name) => return Ok(Part::Rest(name)),
            None if is_name(inner) => return Ok(Part::Name(inner)),
            _ => {}
        },
        None if is_literal(text) => return Ok(Part::Literal(text)),
        None => {}
    }
    Err(respelt(text).unwrap_or_else(|| {
        format!("has a segment \"{text}\" that is neither text, {{name}} nor {{*name}}")
    }))
}

/// Letters and digits of any script, `_`, `-`, and inner dots.
fn is_name(name: &str) -> bool {
    let is_edge = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-');
    let is_inside = |letter: char| is_edge(letter) || letter == '.';
    !name.is_empty()
        && name.chars().all(is_inside)
        && name.starts_with(is_edge)
        && name.ends_with(is_edge)
}

/// Whether it is a literal that a decoded segment can equal, and not another router's parameter.
fn is_literal(text: &str) -> bool {
    let is_enclosed = |open, close| text.starts_with(open) && text.ends_with(close);
    let is_foreign = text.contains(['{', '}', '?', '#'])
        || text.starts_with(['*', '('])
        || (text.starts_with(':') && text.len() > 1)
        || is_enclosed('<', '>')
        || is_enclosed('[', ']');
    !is_foreign
}

/// Omitted to save space in a WebAssembly module: the native build has already reported the problem.
#[cfg(target_family = "wasm")]
fn respelt(_text: &str) -> Option<String> {
    None
}

/// The error for a segment in another router's syntax, with its spelling here.
#[cfg(not(target_family = "wasm"))]
fn respelt(text: &str) -> Option<String> {
    let spelt = |is_rest: bool, name: &str| {
        let name: String = name
            .chars()
            .take_while(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-'))
            .collect();
        let name = if name.is_empty() { "name".into() } else { name };
        let star = if is_rest { "*" } else { "" };
        Some(format!(
            "has a segment \"{text}\": a parameter is spelt {{{star}{name}}} here"
        ))
    };
    let is_rest = |text: &str| text.contains(['*', '+']) || text.contains("..");
    // `:id`, `:id?`, `:rest*`, `:id{[0-9]+}`: Express, Hono, axum before 0.8, find-my-way.
    if let Some(rest) = text.strip_prefix(':').filter(|rest| !rest.is_empty()) {
        let name_ends = rest.find(['{', '(']).unwrap_or(rest.len());
        let (name, pattern) = rest.split_at(name_ends);
        return spelt(is_rest(name) || pattern.contains(".*"), name);
    }
    // `*`, `*rest`: axum before 0.8, httprouter, Hono; `**`: globs.
    if text.starts_with('*') {
        return spelt(true, text.trim_start_matches('*'));
    }
    // `<id>`, `<int:id>`, `<path:rest>`, `<rest..>`: Flask, Rocket. `[id]`, `[...rest]`: file-based routers.
    let enclosed = |open, close| text.strip_prefix(open)?.strip_suffix(close);
    if let Some(inner) = enclosed('<', '>') {
        let (kind, name) = inner.split_once(':').unwrap_or(("", inner));
        return spelt(kind == "path" || is_rest(name), name);
    }
    if let Some(inner) = enclosed('[', ']') {
        let name = inner.trim_start_matches(['[', '.']);
        return spelt(inner.contains("..."), name);
    }
    // `{id:[0-9]+}`, `{rest:.*}`, `{id?}`, `{rest...}`, `{...rest}`, `{rest*}`, `{rest+}`.
    if let Some(inner) = enclosed('{', '}').filter(|inner| !inner.contains(['{', '}'])) {
        if let Some((name, pattern)) = inner.split_once(':') {
            let is_path = pattern == "path" || pattern.contains(".*") || pattern.contains(".+");
            let reason = spelt(is_path, name.trim_start_matches('*'))?;
            return Some(format!(
                "{reason}, and what it may be is up to the handler: `req.param` parses it"
            ));
        }
        let name = inner.trim_start_matches(['*', '.']);
        return (!name.is_empty())
            .then(|| spelt(is_rest(inner), name))
            .flatten();
    }
    if text.starts_with('(') {
        return Some(format!(
            "has a segment \"{text}\": there are no regular expressions here, only {{name}} and {{*name}}"
        ));
    }
    other(text)
}

/// The error for a literal that no decoded segment can equal.
#[cfg(not(target_family = "wasm"))]
fn other(text: &str) -> Option<String> {
    if text.contains('?') {
        return Some("has a '?': a route is a path, and `req.query` reads the query".into());
    }
    if text.contains('#') {
        return Some("has a '#': a fragment never leaves the client".into());
    }
    None
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::*;

    #[test]
    fn what_other_routers_users_write_is_refused_with_the_right_spelling() {
        let cases = [
            ("/items/:id", "{id}"),
            ("/items/:id?", "{id}"),
            ("/items/:rest*", "{*rest}"),
            ("/items/:rest+", "{*rest}"),
            ("/items/:id{[0-9]+}", "{id}"),
            ("/items/:id(\\d+)", "{id}"),
            ("/items/:rest{.*}", "{*rest}"),
            ("/x/*rest", "{*rest}"),
            ("/x/*", "{*name}"),
            ("/*", "{*name}"),
            ("/x/**", "{*name}"),
            ("/x/<id>", "{id}"),
            ("/x/<int:id>", "{id}"),
            ("/x/<path:rest>", "{*rest}"),
            ("/x/<rest..>", "{*rest}"),
            ("/x/[id]", "{id}"),
            ("/x/[...rest]", "{*rest}"),
            ("/x/[[...rest]]", "{*rest}"),
            ("/x/{id:[0-9]+}", "{id}"),
            ("/x/{id:int}", "{id}"),
            ("/x/{rest:.*}", "{*rest}"),
            ("/x/{rest:path}", "{*rest}"),
            ("/x/{id?}", "{id}"),
            ("/x/{rest*}", "{*rest}"),
            ("/x/{rest+}", "{*rest}"),
            ("/x/{rest...}", "{*rest}"),
            ("/x/{...rest}", "{*rest}"),
            ("/x/{**rest}", "{*rest}"),
            ("/x/(.*)", "no regular expressions"),
            ("/search?q={q}", "`req.query`"),
            ("/x#top", "fragment"),
            ("/file-{id}.json", "neither text"),
            ("/{}", "neither text"),
            ("/{*}", "neither text"),
            ("/{a b}", "spelt {a}"),
            ("/{a{b}}", "neither text"),
            ("items", "does not start with '/'"),
            ("/{*rest}/more", "goes on behind"),
            ("/{id}/{id}", "two parameters `id`"),
            ("/{id}/{*id}", "two parameters `id`"),
        ];
        for (pattern, told) in cases {
            let error = parse(pattern).unwrap_err().to_string();
            assert!(
                error.contains(pattern) && error.contains(told),
                "{pattern}: {error}"
            );
        }
    }

    #[test]
    fn what_a_path_can_have_is_text() {
        let texts = [
            "",
            "a",
            "a b",
            "ä",
            ":",
            "a:b",
            "a*",
            "1.0",
            "$id",
            "@user",
            "~",
            "a+b",
            "a[0]",
            "50%",
            "a%20b",
            "%zz",
            ".well-known",
            "..",
        ];
        for text in texts {
            assert_eq!(part(text), Ok(Part::Literal(text)));
        }
        for name in ["id", "user_id", "user-id", "user.id", "größe", "1"] {
            assert_eq!(part(&format!("{{{name}}}")), Ok(Part::Name(name)));
            assert_eq!(part(&format!("{{*{name}}}")), Ok(Part::Rest(name)));
        }
    }
}
