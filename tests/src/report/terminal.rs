//! The report for a terminal.

use super::{Report, Totals};

pub(super) fn page(report: &Report) -> String {
    let first = 14;
    let widths: Vec<usize> = report
        .targets
        .iter()
        .map(|target| {
            let cells = report
                .points()
                .map(|(point, ..)| cell(report.totals(&target.name, Some(point))).len());
            let longest = cells.max().unwrap_or_default();
            longest
                .max(target.name.len())
                .max(cell(report.totals(&target.name, None)).len())
        })
        .collect();
    let line = |title: &str, cells: Vec<String>| {
        let mut line = format!("  {title:<first$}");
        for (cell, width) in cells.iter().zip(&widths) {
            line.push_str(&format!("  {cell:>width$}"));
        }
        line
    };
    let row = |title: &str, point: Option<u8>| {
        line(
            title,
            report
                .targets
                .iter()
                .map(|target| cell(report.totals(&target.name, point)))
                .collect(),
        )
    };
    let mut lines = vec![line(
        "conformance",
        report
            .targets
            .iter()
            .map(|target| target.name.clone())
            .collect(),
    )];
    lines.extend(
        report
            .points()
            .map(|(point, title, _)| row(&format!("{point} {title}"), Some(point))),
    );
    lines.push(row("all", None));
    lines.push("  ≠ passes with a documented difference: docs/portability.md".into());
    lines.extend(report.again().map(|line| format!("  {line}")));
    for (target, case, outcome) in report.failures() {
        lines.push(format!("\n{target}::{} failed: {}", case.name, case.why));
        lines.push(format!("  {}", outcome.complaint().replace('\n', "\n  ")));
        lines.push(format!("  evidence: {}", case.evidence));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// `14/14`, and what the others are; a dash where nothing was run.
pub(super) fn cell(totals: Totals) -> String {
    if totals.all() == 0 {
        return "-".into();
    }
    let mut text = format!("{}/{}", totals.passed, totals.all());
    for (count, what) in [
        (totals.differs, "≠"),
        (totals.failed, "failed"),
        (totals.skipped, "skipped"),
        (totals.not_run, "not run"),
    ] {
        if count > 0 {
            text.push_str(&format!(", {count} {what}"));
        }
    }
    text
}
