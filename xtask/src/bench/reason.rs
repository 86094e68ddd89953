//! Formats errors for the report: one line each, without paths of this machine.

use std::{fs, path::Path};

use super::BenchContext;
use crate::child;

/// How many lines of a contestant's log are shown when it fails.
const TAIL: usize = 5;

/// The last lines of a log, joined into one.
pub(super) fn tail(log: &Path) -> String {
    let said = fs::read(log).unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    let lines: Vec<_> = said.lines().filter(|line| !line.is_empty()).collect();
    let from = lines.len().saturating_sub(TAIL);
    match lines.get(from..) {
        Some(last @ [_, ..]) => format!("it said: {}", last.join(" | ")),
        _ => "it said nothing".to_owned(),
    }
}

/// An error with its causes on one line; for a failed program, the line of its output that explains it.
pub(super) fn told(error: &anyhow::Error) -> String {
    let causes = error.chain().map(|cause| {
        let failure = cause.downcast_ref::<child::Failure>();
        failure.map_or_else(|| cause.to_string(), |failure| failure.reason().to_owned())
    });
    let text = causes.collect::<Vec<_>>().join(": ");
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    lines.join(" ")
}

/// Removes this machine's folders from a string.
pub(super) fn hidden(text: &str, context: &BenchContext<'_>) -> String {
    let user = std::env::home_dir();
    let folders = [
        (Some(context.work.as_path()), "TMP"),
        (Some(context.workspace.target()), "TARGET"),
        (Some(context.workspace.root()), "."),
        (Some(context.home.root()), "GURU_HOME"),
        (user.as_deref(), "~"),
    ];
    let text = folders
        .into_iter()
        .filter_map(|(folder, name)| Some((folder?.to_str()?, name)))
        .filter(|(folder, _)| folder.len() > 1)
        .fold(text.to_owned(), |text, (folder, name)| {
            text.replace(folder, name)
        });
    let words = text.split(' ').map(without_folder);
    words.collect::<Vec<_>>().join(" ")
}

/// A path on this machine, reduced to its file name.
fn without_folder(word: &str) -> &str {
    let bare = word.trim_matches(|c| "`'\"(),:;".contains(c));
    let path = Path::new(bare);
    if bare.len() > 1 && path.is_absolute() && path.exists() {
        path.file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default()
    } else {
        word
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn an_error_is_one_line() {
        let error = anyhow!("first\n    second").context("third");
        assert_eq!(told(&error), "third: first second");
    }

    #[test]
    fn a_file_is_told_without_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tool");
        fs::write(&path, "").unwrap();
        let path = path.to_str().unwrap();
        assert_eq!(without_folder(&format!("`{path}`:")), "tool");
        for word in ["/no/such/file", "/", "GET", ""] {
            assert_eq!(without_folder(word), word);
        }
    }

    #[test]
    fn the_end_of_a_log_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("said");
        assert_eq!(tail(&log), "it said nothing");
        fs::write(&log, "1\n2\n\n3\n4\n5\n6\n").unwrap();
        assert_eq!(tail(&log), "it said: 2 | 3 | 4 | 5 | 6");
    }
}
