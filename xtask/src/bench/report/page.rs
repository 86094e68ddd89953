//! The report as one self-contained HTML page: no scripts, no external assets, light and dark.

use std::collections::BTreeMap;

use anyhow::Result;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Absent, Comparison, Report, Series, about, bar, markdown::words, plot};
use crate::args::Group;

const STYLE: &str = include_str!("style.css");

/// The whole page.
pub(super) fn text(report: &Report) -> Result<String> {
    let mut groups = Vec::new();
    for (group, comparisons) in report.groups() {
        groups.push(section(group, &comparisons)?);
    }
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Guru's benchmarks" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { "Benchmarks" }
                    p { (report.settings()) }
                    p {
                        "Ours and theirs are measured in turn, on the same machine. A bar is the median of the rounds, its whisker "
                        "goes from the lowest to the highest. A ratio is ours through theirs."
                    }
                }
                main {
                    (bars(report))
                    @for group in &groups { (group) }
                    (facts("Machine", &report.machine))
                    (facts("Versions", &report.versions))
                    (absent("Not run", "not run", &report.not_run))
                    (absent("Failed", "failed", &report.failed))
                }
            }
        }
    };
    Ok(page.into_string())
}

fn bars(report: &Report) -> Markup {
    html! {
        section {
            h2 { "Bars" }
            @if report.barred().next().is_none() { p { "Nothing that has a bar was measured." } }
            @else {
                div .scroll {
                    table {
                        thead {
                            tr {
                                @for head in ["", "Ours", "Theirs", "What", "Ratio", "Of the rounds", "Bar"] { th scope="col" { (head) } }
                            }
                        }
                        tbody {
                            @for (one, verdict) in report.barred() {
                                tr {
                                    td class=(if verdict.is_met { "met" } else { "missed" }) {
                                        span aria-hidden="true" { (if verdict.is_met { "✓ " } else { "✗ " }) }
                                        (words(verdict.is_met, verdict.is_tax))
                                    }
                                    td { (one.ours.name) }
                                    td { (one.theirs.name) }
                                    td { (one.measure) }
                                    td .number { strong { (format!("{:.2}", one.ratio.median)) } }
                                    td .number { (format!("{:.2} to {:.2}", one.ratio.lowest, one.ratio.highest)) }
                                    td .number { (bar(verdict, one.better)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The plots of a group, one per measure, and its numbers.
fn section(group: Group, comparisons: &[&Comparison]) -> Result<Markup> {
    let mut measures: Vec<&str> = Vec::new();
    for one in comparisons {
        if !measures.contains(&one.measure.as_str()) {
            measures.push(&one.measure);
        }
    }
    let mut plots = Vec::new();
    for measure in measures {
        let of = comparisons.iter().filter(|one| one.measure == measure);
        let of: Vec<_> = of.copied().collect();
        plots.push((measure, plot::svg(&of)?));
    }
    Ok(html! {
        section {
            h2 { (about(group)) }
            div .plots {
                @for (measure, svg) in &plots {
                    figure {
                        figcaption { (measure) }
                        div role="img" aria-label={ "Bars: " (measure) "; the numbers are in the table" } { (PreEscaped(svg)) }
                    }
                }
            }
            details {
                summary { "The numbers" }
                div .scroll { (numbers(comparisons)) }
            }
        }
    })
}

fn numbers(comparisons: &[&Comparison]) -> Markup {
    let shown = |one: &Comparison, series: &Series| {
        html! {
            td .number {
                (one.unit.show(series.median))
                @if series.lowest < series.highest {
                    span .spread { (one.unit.show(series.lowest)) " to " (one.unit.show(series.highest)) }
                }
            }
        }
    };
    html! {
        table {
            thead {
                tr {
                    @for head in ["What", "Ours", "", "Theirs", "", "Ratio"] { th scope="col" { (head) } }
                }
            }
            tbody {
                @for one in comparisons {
                    tr {
                        th scope="row" { (one.what()) }
                        td { (one.ours.name) }
                        (shown(one, &one.ours))
                        td { (one.theirs.name) }
                        (shown(one, &one.theirs))
                        td .number { (format!("{:.2}", one.ratio.median)) }
                    }
                }
            }
        }
    }
}

fn facts(title: &str, facts: &BTreeMap<String, String>) -> Markup {
    html! {
        section {
            h2 { (title) }
            dl { @for (name, fact) in facts { dt { (name) } dd { (fact) } } }
        }
    }
}

fn absent(title: &str, word: &str, absent: &[Absent]) -> Markup {
    html! {
        @if !absent.is_empty() {
            section {
                h2 { (title) }
                ul { @for Absent { name, why } in absent { li { (word) ": " strong { (name) } ": " (why) } } }
            }
        }
    }
}
