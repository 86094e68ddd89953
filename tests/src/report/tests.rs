//! The output formats, for a report with one case of each verdict.

use super::*;
use crate::check::Mismatch;

fn report() -> Report {
    let case = |name: &str, point: u8, why: &str| Case {
        name: name.into(),
        point,
        why: why.into(),
        evidence: "a page | by <somebody>".into(),
        function: Function::Probe,
        outcomes: BTreeMap::new(),
    };
    let column = |name: &str| Column {
        name: name.into(),
        lost: None,
        hangs: None,
        about: format!("the {name} runtime"),
    };
    let mut report = Report {
        when: "2026-01-02T03:04:05Z".into(),
        targets: vec![column("here"), column("there")],
        cases: vec![
            case("path/a", 2, "one"),
            case("path/b", 2, "two"),
            case("headers/c", 4, "three <b>"),
            case("body/unasked", 5, "four"),
        ],
    };
    let failed = Outcome {
        records: vec![Record {
            copy: 0,
            sent: "GET /<script>alert(1)</script>".into(),
            received: "200 OK\n(2 bytes) \"ok\"".into(),
            mismatches: vec![Mismatch {
                place: "header x".into(),
                expected: "[\"a\"]".into(),
                got: "absent".into(),
            }],
        }],
        ..Outcome::from(Verdict::Failed)
    };
    report.note("here", "path/a", Outcome::from(Verdict::Passed));
    report.note(
        "there",
        "path/a",
        Outcome::from(Verdict::Differs {
            difference: "decoded-path".into(),
        }),
    );
    report.note(
        "here",
        "path/b",
        Outcome::from(Verdict::Skipped {
            reason: "it cannot".into(),
            capability: "raw-path".into(),
        }),
    );
    report.note(
        "there",
        "path/b",
        Outcome::from(Verdict::NotRun {
            reason: "install it".into(),
        }),
    );
    report.note("here", "headers/c", failed);
    report.forget_unasked();
    report
}

#[test]
fn in_a_terminal() {
    let page = report().terminal();
    let words: Vec<Vec<&str>> = page
        .lines()
        .take(4)
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(words[0], ["conformance", "here", "there"]);
    assert_eq!(
        words[1].join(" "),
        "2 Path 1/2, 1 skipped 1/2, 1 ≠, 1 not run"
    );
    assert_eq!(words[2].join(" "), "4 Headers 0/1, 1 failed -");
    assert_eq!(
        words[3].join(" "),
        "all 1/3, 1 failed, 1 skipped 1/2, 1 ≠, 1 not run"
    );
    assert!(page.contains("here::headers/c failed: three <b>\n  GET /<script>alert(1)</script>\n    header x\n      expected [\"a\"]\n      got      absent"), "{page}");
    assert!(!page.contains("unasked"));
}

#[test]
fn as_markdown() {
    let page = report().markdown();
    for line in [
        "| point | here | there |",
        "| 2 Path | 1/2, 1 skipped | 1/2, 1 ≠, 1 not run |",
        "| `path/a`: one | passed | passed, with the difference `decoded-path` |",
        "| `path/b`: two | skipped (`raw-path`): it cannot | not run: install it |",
        "| `headers/c`: three \\<b\\> | **failed** |  |",
        "a page \\| by \\<somebody\\>",
        "    GET /<script>alert(1)</script>",
    ] {
        assert!(
            page.lines().any(|found| found == line),
            "no line {line:?} in\n{page}"
        );
    }
}

#[test]
fn as_html_nothing_is_markup_that_was_not_meant_to_be() {
    let page = report().html();
    assert!(
        page.contains("GET /&lt;script&gt;alert(1)&lt;/script&gt;"),
        "{page}"
    );
    assert!(!page.contains("<script"), "{page}");
    assert!(
        !page.contains("src=") && !page.contains("<link") && !page.contains("url("),
        "nothing comes from elsewhere"
    );
    assert!(
        page.contains("<td class=\"failed\"><span aria-hidden=\"true\">✗ </span>failed</td>"),
        "{page}"
    );
    assert!(page.contains("<details open>"), "a failed case is open");
}

#[test]
fn as_files() {
    let folder = std::env::temp_dir().join(format!("conformance-report-{}", std::process::id()));
    let written = report().write(&folder).unwrap();
    let data: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&written[2]).unwrap()).unwrap();
    assert_eq!(
        data["cases"][1]["outcomes"]["here"]["verdict"]["verdict"],
        "skipped"
    );
    std::fs::remove_dir_all(&folder).unwrap();
}
