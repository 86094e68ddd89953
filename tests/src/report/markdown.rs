//! The report as Markdown.

use super::terminal::cell;
use super::{Outcome, Report, Verdict};

pub(super) fn page(report: &Report) -> String {
    let names: Vec<&str> = names(report);
    let mut lines = vec![
        "# Conformance".to_owned(),
        String::new(),
        format!("Run at {}.", report.when),
        String::new(),
        matrix(report),
    ];
    for line in report.again() {
        lines.extend([String::new(), escaped(&line)]);
    }
    for (point, title, cases) in report.points() {
        lines.extend([String::new(), format!("## {point} {title}"), String::new()]);
        lines.push(row("case", names.iter().map(|name| escaped(name))));
        lines.push(row("---", names.iter().map(|_| "---".to_owned())));
        for case in cases {
            let title = format!("`{}`: {}", case.name, escaped(&case.why));
            lines.push(row(
                &title,
                names
                    .iter()
                    .map(|name| case.outcomes.get(*name).map_or(String::new(), word)),
            ));
        }
    }
    for (index, (target, case, outcome)) in report.failures().enumerate() {
        if index == 0 {
            lines.extend([String::new(), "## Failures".to_owned()]);
        }
        lines.extend([
            String::new(),
            format!("### {target}::{}", case.name),
            String::new(),
            escaped(&case.evidence),
        ]);
        // Indentation by four spaces makes a code block, so that nothing a server sent is taken for markup.
        lines.extend([
            String::new(),
            format!("    {}", outcome.complaint().replace('\n', "\n    ")),
        ]);
    }
    lines.push(String::new());
    lines.join("\n")
}

fn names(report: &Report) -> Vec<&str> {
    let targets = report.targets.iter();
    targets.map(|target| target.name.as_str()).collect()
}

/// The runtimes, and the totals by point and target.
pub(super) fn matrix(report: &Report) -> String {
    let names = names(report);
    let mut lines: Vec<String> = Vec::new();
    for target in &report.targets {
        lines.push(format!(
            "- **{}**: {}",
            escaped(&target.name),
            escaped(&target.about)
        ));
    }
    lines.push(String::new());
    lines.push(row("point", names.iter().map(|name| escaped(name))));
    lines.push(row("---", names.iter().map(|_| "---".to_owned())));
    for (point, title, _) in report.points() {
        lines.push(row(
            &format!("{point} {title}"),
            names
                .iter()
                .map(|name| cell(report.totals(name, Some(point)))),
        ));
    }
    lines.push(row(
        "**all**",
        names.iter().map(|name| cell(report.totals(name, None))),
    ));
    lines.join("\n")
}

fn row(title: &str, cells: impl Iterator<Item = String>) -> String {
    let cells: Vec<String> = cells.collect();
    format!("| {title} | {} |", cells.join(" | "))
}

fn word(outcome: &Outcome) -> String {
    match &outcome.verdict {
        Verdict::Passed => "passed".into(),
        Verdict::Differs { difference } => format!("passed, with the difference `{difference}`"),
        Verdict::Failed => "**failed**".into(),
        Verdict::Skipped { reason, capability } => {
            format!("skipped (`{capability}`): {}", escaped(reason))
        }
        Verdict::NotRun { reason } => format!("not run: {}", escaped(reason)),
    }
}

/// Escapes markup and the end of a table cell.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => safe.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' => {
                safe.extend(['\\', character]);
            }
            _ => safe.push(character),
        }
    }
    safe
}
