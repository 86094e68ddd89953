//! Holds docs/coming-from.md and the pages below it to the code that they show, which is compiled where it is.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::fs;
use std::path::Path;

const OURS: &str = "functions/users/src/lib.rs";
const AXUM: &str = "bench/axum-users/src/lib.rs";
const HONO: &str = "bench/hono/users.js";

/// Each page, and the files that it shows.
const SHOWN: [(&str, &str); 8] = [
    ("coming-from.md", OURS),
    ("coming-from.md", AXUM),
    ("coming-from.md", HONO),
    ("coming-from/axum.md", "bench/axum-users/examples/words.rs"),
    ("coming-from/hono.md", "bench/hono/words.js"),
    (
        "coming-from/lambda-http.md",
        "bench/lambda-http/examples/words.rs",
    ),
    (
        "coming-from/spin-sdk.md",
        "bench/spin-sdk/examples/words.rs",
    ),
    (
        "coming-from/workers-rs.md",
        "bench/worker/examples/words.rs",
    ),
];

/// A file of the workspace, without what is compiled for documentation tests alone.
fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = fs::read_to_string(root.join(path)).unwrap();
    let (text, _) = text.split_once("#[cfg(doctest)]").unwrap_or((&text, ""));
    text.trim_end().to_owned()
}

/// The lines of code in some files: neither empty nor a comment.
fn lines(paths: &[&str]) -> usize {
    let count = |path: &&str| {
        let text = read(path);
        let lines = text.lines().map(str::trim);
        lines
            .filter(|line| !line.is_empty() && !line.starts_with("//"))
            .count()
    };
    paths.iter().map(count).sum()
}

#[test]
fn a_page_shows_what_is_compiled() {
    for (page, path) in SHOWN {
        let fence = match path.rsplit_once('.').unwrap().1 {
            "js" => "js",
            _ if path == OURS => "rust",
            _ => "rust,ignore",
        };
        let block = format!("\n```{fence}\n{}\n```\n", read(path));
        let shown = read(&format!("docs/{page}")).contains(&block);
        assert!(shown, "docs/{page} does not show {path} as it is");
    }
}

#[test]
fn ours_is_not_the_longest() {
    let ours = lines(&[OURS, "functions/users/src/main.rs"]);
    let axum = lines(&[AXUM, "bench/axum-users/src/main.rs"]);
    let hono = lines(&[HONO]);
    assert!(
        ours < axum.max(hono),
        "{ours} lines, and {axum} of axum, {hono} of Hono"
    );
    let page = read("docs/coming-from.md");
    for (name, lines) in [("Guru", ours), ("axum", axum), ("Hono", hono)] {
        let cell = format!("| [{name}](#{}) | {lines} |", name.to_lowercase());
        assert!(
            page.contains(&cell),
            "docs/coming-from.md does not say {lines} of {name}"
        );
    }
}
