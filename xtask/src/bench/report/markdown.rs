//! The report as Markdown: the bars first, then the groups, the machine, and what is missing.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{Absent, Comparison, Report, about, bar};

/// The whole page.
pub(super) fn text(report: &Report) -> String {
    let mut text = format!("# Benchmarks\n\n{}\n", report.settings());
    text.push_str(
        "Ours and theirs are measured in turn, on the same machine; a number is the median of the rounds, with the lowest and \
         the highest. A ratio is ours through theirs.\n",
    );
    bars(report, &mut text);
    for (group, comparisons) in report.groups() {
        _ = write!(text, "\n## {}\n\n", about(group));
        table(&comparisons, &mut text);
    }
    facts("Machine", &report.machine, &mut text);
    facts("Versions", &report.versions, &mut text);
    absent("Not run", "not run", &report.not_run, &mut text);
    absent("Failed", "failed", &report.failed, &mut text);
    text
}

fn bars(report: &Report, text: &mut String) {
    text.push_str("\n## Bars\n\n");
    if report.barred().next().is_none() {
        text.push_str("Nothing that has a bar was measured.\n");
        return;
    }
    text.push_str("| | ours | theirs | what | ratio | of the rounds | bar | |\n|---|---|---|---|---:|---:|---:|---|\n");
    for (one, verdict) in report.barred() {
        _ = writeln!(
            text,
            "| {} | {} | {} | {} | {:.2} | {:.2} to {:.2} | {} | {} |",
            if verdict.is_met { "✓" } else { "✗" },
            one.ours.name,
            one.theirs.name,
            one.measure,
            one.ratio.median,
            one.ratio.lowest,
            one.ratio.highest,
            bar(verdict, one.better),
            words(verdict.is_met, verdict.is_tax),
        );
    }
}

/// A verdict in words.
pub(super) fn words(is_met: bool, is_tax: bool) -> &'static str {
    match (is_met, is_tax) {
        (true, false) => "met",
        (true, true) => "met (the cost of portability)",
        (false, false) => "missed",
        (false, true) => "missed (the cost of portability)",
    }
}

fn table(comparisons: &[&Comparison], text: &mut String) {
    text.push_str(
        "| what | ours | | | theirs | | | ratio |\n|---|---|---:|---|---|---:|---|---:|\n",
    );
    for one in comparisons {
        let show = |number| one.unit.show(number);
        let spread = |series: &super::Series| {
            if series.lowest == series.highest {
                String::new()
            } else {
                format!("{} to {}", show(series.lowest), show(series.highest))
            }
        };
        _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} | {:.2} |",
            one.what(),
            one.ours.name,
            show(one.ours.median),
            spread(&one.ours),
            one.theirs.name,
            show(one.theirs.median),
            spread(&one.theirs),
            one.ratio.median,
        );
    }
}

fn facts(title: &str, facts: &BTreeMap<String, String>, text: &mut String) {
    _ = write!(text, "\n## {title}\n\n");
    for (name, fact) in facts {
        _ = writeln!(text, "- {name}: {fact}");
    }
}

fn absent(title: &str, word: &str, absent: &[Absent], text: &mut String) {
    if absent.is_empty() {
        return;
    }
    _ = write!(text, "\n## {title}\n\n");
    for Absent { name, why } in absent {
        _ = writeln!(text, "- {word}: {name}: {why}");
    }
}
