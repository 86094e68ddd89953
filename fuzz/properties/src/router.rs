//! The router finds what its documentation promises, and nothing panics.
//!
//! Input: patterns, one per line, an empty line, then targets, one per line.

use std::future::ready;

use guru_core::{App, Context, Method, Request, Response, Uri, memory};
use percent_encoding::percent_decode_str;

/// As many routes as a person would write: the reference implementation tries each.
const ROUTES: usize = 24;

/// A segment of a pattern; the order of the variants is that of precedence.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Kind<'a> {
    Literal(&'a str),
    Name,
    Rest,
}

/// Compares the router with a search that tries every pattern.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (patterns, targets) = text.split_once("\n\n").unwrap_or((&text, "/"));
    let mut app = App::new();
    let mut routes: Vec<&str> = Vec::new();
    for pattern in patterns.lines().take(ROUTES) {
        // A single pattern that is refused would make the whole app fail.
        let alone = App::new().get(pattern, |_: Context, _: Request| {
            ready(Ok(Response::text("")))
        });
        let before = routes.iter().fold(alone, |app, route| {
            app.get(route, |_: Context, _: Request| {
                ready(Ok(Response::text("")))
            })
        });
        if before.into_service().is_err() {
            continue;
        }
        let index = routes.len();
        let said = move |_: Context, _: Request| ready(Ok(Response::text(index.to_string())));
        app = app.get(pattern, said);
        routes.push(pattern);
    }
    let client = memory::Client::new(app).expect("each route was taken, beside those before");
    for target in targets.lines() {
        let Ok(uri) = Uri::parse(target) else {
            continue;
        };
        let path = uri.path().to_owned();
        let answer = client.send(Request::new(Method::GET, uri));
        let found = answer.body().as_bytes().unwrap_or_default();
        let (status, found) = (answer.status().as_u16(), String::from_utf8_lossy(found));
        match reference(&routes, &path) {
            Some(index) => assert_eq!(
                (status, &*found),
                (200, &*index.to_string()),
                "{path} in {routes:?}"
            ),
            None => assert_eq!(status, 404, "{path} in {routes:?}: {found}"),
        }
    }
}

/// The pattern that the path must match: literals take precedence over names, and names over rests, from left to right.
fn reference(routes: &[&str], path: &str) -> Option<usize> {
    let segments: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
    let matching = routes.iter().enumerate().filter_map(|(index, route)| {
        let kinds: Vec<Kind<'_>> = route.strip_prefix('/')?.split('/').map(kind).collect();
        matches(&kinds, &segments).then_some((kinds, index))
    });
    matching.min().map(|(_, index)| index)
}

fn kind(text: &str) -> Kind<'_> {
    if text.starts_with("{*") {
        Kind::Rest
    } else if text.starts_with('{') {
        Kind::Name
    } else {
        Kind::Literal(text)
    }
}

fn matches(kinds: &[Kind<'_>], segments: &[&str]) -> bool {
    match (kinds, segments) {
        ([], []) => true,
        ([Kind::Rest], [_, ..]) => true,
        ([Kind::Name, kinds @ ..], [segment, segments @ ..]) => {
            !segment.is_empty() && matches(kinds, segments)
        }
        ([Kind::Literal(text), kinds @ ..], [segment, segments @ ..]) => {
            percent_decode_str(segment).eq(text.bytes()) && matches(kinds, segments)
        }
        _ => false,
    }
}
