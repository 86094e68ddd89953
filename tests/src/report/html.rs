//! The report as one self-contained HTML page: no scripts, no external assets, light and dark, accessible to screen readers.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::terminal::cell;
use super::{Case, Outcome, Report, Totals, Verdict};

const STYLE: &str = include_str!("style.css");

pub(super) fn page(report: &Report) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Conformance: " (report.targets.iter().map(|target| target.name.as_str()).collect::<Vec<_>>().join(", ")) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { "Conformance" }
                    p { "The same requests, sent byte for byte to every target; " (report.cases.len()) " cases, run at " time datetime=(report.when) { (report.when) } "." }
                }
                main {
                    (summary(report))
                    @for (point, title, cases) in report.points() {
                        (section(report, point, title, &cases))
                    }
                }
            }
        }
    }
    .into_string()
}

/// The targets, and the totals by point.
fn summary(report: &Report) -> Markup {
    html! {
        div .scroll {
            table .summary {
                caption { "Cases passed, by point of the portable contract" }
                thead {
                    tr {
                        th scope="col" { "Point" }
                        @for target in &report.targets {
                            th scope="col" { (target.name) span .about { (target.about) } }
                        }
                    }
                }
                tbody {
                    @for (point, title, _) in report.points() {
                        tr {
                            th scope="row" { a href={ "#point-" (point) } { (point) " " (title) } }
                            @for target in &report.targets { (total(report.totals(&target.name, Some(point)))) }
                        }
                    }
                }
                tfoot {
                    tr {
                        th scope="row" { "All" }
                        @for target in &report.targets { (total(report.totals(&target.name, None))) }
                    }
                }
            }
        }
    }
}

fn total(totals: Totals) -> Markup {
    let class = match totals {
        Totals { failed: 1.., .. } => "failed",
        Totals {
            passed: 1..,
            skipped: 0,
            not_run: 0,
            ..
        } => "passed",
        _ => "other",
    };
    html! { td class=(class) { (cell(totals)) } }
}

fn section(report: &Report, point: u8, title: &str, cases: &[&Case]) -> Markup {
    html! {
        section aria-labelledby={ "point-" (point) } {
            h2 id={ "point-" (point) } { (point) " " (title) }
            div .scroll {
                table .cases {
                    thead {
                        tr {
                            th scope="col" { "Case" }
                            @for target in &report.targets { th scope="col" { (target.name) } }
                        }
                    }
                    tbody {
                        @for case in cases {
                            tr .case {
                                th scope="row" { code { (case.name) } span .why { (prose(&case.why)) } }
                                @for target in &report.targets { (verdict(case.outcomes.get(&target.name))) }
                            }
                            tr { td colspan=(report.targets.len() + 1) { (details(case)) } }
                        }
                    }
                }
            }
        }
    }
}

/// The details of a case, collapsed unless it failed.
fn details(case: &Case) -> Markup {
    let failed = case
        .outcomes
        .values()
        .any(|outcome| outcome.verdict == Verdict::Failed);
    html! {
        details open[failed] {
            summary { "evidence and exchanges" span .unseen { " of " (case.name) } }
            p { strong { "What would break it: " } (prose(&case.evidence)) }
            @for (target, outcome) in &case.outcomes { (exchanges(target, outcome)) }
        }
    }
}

/// Text with `this` as code.
fn prose(text: &str) -> Markup {
    html! {
        @for (index, part) in text.split('`').enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

fn exchanges(target: &str, outcome: &Outcome) -> Markup {
    html! {
        h3 { "On " (target) @if !outcome.records.is_empty() { ", in " (outcome.milliseconds) " ms" } }
        @if let Some(note) = note(&outcome.verdict) { p { (prose(&note)) } }
        @if let Some(message) = &outcome.message { pre .wrong { (message) } }
        @if !outcome.records.is_empty() {
            ol .exchanges {
                @for record in &outcome.records {
                    li {
                        @if record.copy > 0 { span .copy { "copy " (record.copy) } }
                        pre .sent { (record.sent) }
                        @if !record.received.is_empty() { pre .received { (record.received) } }
                        @for mismatch in &record.mismatches { pre .wrong { (mismatch) } }
                    }
                }
            }
        }
    }
}

fn note(verdict: &Verdict) -> Option<String> {
    match verdict {
        Verdict::Passed | Verdict::Failed => None,
        Verdict::Differs { difference } => Some(format!(
            "It does what the documented difference `{difference}` says."
        )),
        Verdict::Skipped { reason, capability } => Some(format!(
            "Skipped, for the target lacks `{capability}`: {reason}"
        )),
        Verdict::NotRun { reason } => Some(format!("Not run: {reason}")),
    }
}

/// A sign, a word and a class for the colour, any of which is enough to tell the verdict.
fn verdict(outcome: Option<&Outcome>) -> Markup {
    let (class, sign, word) = match outcome.map(|outcome| &outcome.verdict) {
        Some(Verdict::Passed) => ("passed", "✓", "passed"),
        Some(Verdict::Differs { .. }) => ("passed", "≈", "differs"),
        Some(Verdict::Failed) => ("failed", "✗", "failed"),
        Some(Verdict::Skipped { .. }) => ("other", "–", "skipped"),
        Some(Verdict::NotRun { .. }) => ("other", "○", "not run"),
        None => ("other", "", "not asked"),
    };
    html! { td class=(class) { span aria-hidden="true" { (sign) " " } (word) } }
}
