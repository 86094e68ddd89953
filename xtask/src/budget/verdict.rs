//! Compares measurements with their budget: one line each, and the violations.

use std::collections::{BTreeMap, BTreeSet};

use super::{Key, Kind};
use crate::console::mark;

/// The result of a measurement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Measurement {
    Count(u32),
    /// What is missing, and what to do about it.
    NotRun(String),
}

/// The verdict on one measurement.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row<'a> {
    kind: Kind,
    name: &'a str,
    verdict: Verdict<'a>,
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict<'a> {
    /// The measured number, and its limit.
    Within(u32, u32),
    /// So far below the limit that the budget protects nothing.
    FarBelow(u32, u32),
    Over(u32, u32),
    NotRun(&'a str),
    /// Measured, but without a budget.
    NoBudget(u32),
    /// A budget, but nothing of that name was measured.
    NothingMeasured,
}

/// Compares each measurement with its budget. A name that is only on one side is a violation.
pub(super) fn judge<'a>(
    found: &'a BTreeMap<Key, Measurement>,
    budget: &'a BTreeMap<Key, u32>,
) -> Vec<Row<'a>> {
    let keys: BTreeSet<_> = found.keys().chain(budget.keys()).collect();
    let line = |key: &'a Key| Row {
        kind: key.0,
        name: &key.1,
        verdict: match (found.get(key), budget.get(key)) {
            (Some(Measurement::Count(count)), Some(budget)) => compare(*count, *budget),
            (Some(Measurement::Count(count)), None) => Verdict::NoBudget(*count),
            (Some(Measurement::NotRun(why)), _) => Verdict::NotRun(why),
            (None, _) => Verdict::NothingMeasured,
        },
    };
    keys.into_iter().map(line).collect()
}

fn compare(count: u32, budget: u32) -> Verdict<'static> {
    if count > budget {
        Verdict::Over(count, budget)
    } else if u64::from(count) * 10 < u64::from(budget) * 9 {
        Verdict::FarBelow(count, budget)
    } else {
        Verdict::Within(count, budget)
    }
}

/// One line each.
pub(super) fn table(lines: &[Row<'_>]) -> String {
    let width = lines.iter().map(|line| line.name.len()).max();
    let width = width.unwrap_or_default();
    let lines = lines.iter().map(|line| {
        let (sign, text) = line.tell();
        let Row { kind, name, .. } = line;
        format!("{sign} {:<12}  {name:<width$}  {text}", kind.name())
    });
    lines.collect::<Vec<_>>().join("\n")
}

impl Row<'_> {
    /// The mark and the text of a line.
    fn tell(&self) -> (String, String) {
        let numbers = |count: u32, budget: u32| {
            let percent = f64::from(count) / f64::from(budget) * 100.0;
            format!("{count:>8} of {budget:>8}  {percent:>5.1} %")
        };
        match self.verdict {
            Verdict::Within(count, budget) => (mark(true, true), numbers(count, budget)),
            Verdict::FarBelow(count, budget) => {
                let note = "  more than 10 % below: its number can be lowered";
                (mark(true, true), numbers(count, budget) + note)
            }
            Verdict::Over(count, budget) => (mark(false, true), numbers(count, budget)),
            Verdict::NotRun(why) => (mark(false, false), format!("not run: {why}")),
            Verdict::NoBudget(count) => (mark(false, true), format!("{count:>8}, and no budget")),
            Verdict::NothingMeasured => (
                mark(false, true),
                "nothing of this name is measured".to_owned(),
            ),
        }
    }

    /// The violation, if it is one, and what to do about it.
    fn fault(&self, file: &str) -> Option<String> {
        let Self { kind, name, .. } = self;
        let kind = kind.name();
        match self.verdict {
            Verdict::Over(count, budget) => {
                let over = count.saturating_sub(budget);
                let percent = f64::from(over) / f64::from(budget) * 100.0;
                Some(format!(
                    "`{name}` is {over} {kind} over its budget ({percent:.1} %): find out why; if it is worth it, raise the \
                     number in {file} in the same commit, with the reason"
                ))
            }
            Verdict::NoBudget(count) => Some(format!(
                "`{name}` has no budget: give it one in {file}, [{kind}], 3 % above {count}"
            )),
            Verdict::NothingMeasured => Some(format!(
                "`{name}` has a budget in {file}, [{kind}], and nothing of this name is measured: take it out"
            )),
            Verdict::Within(..) | Verdict::FarBelow(..) | Verdict::NotRun(_) => None,
        }
    }
}

/// All violations, one line each.
pub(super) fn faults(lines: &[Row<'_>], file: &str) -> Vec<String> {
    lines.iter().filter_map(|line| line.fault(file)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_within_far_below_or_over() {
        let cases = [
            (1000, Verdict::Within(1000, 1000)),
            (900, Verdict::Within(900, 1000)),
            (899, Verdict::FarBelow(899, 1000)),
            (1001, Verdict::Over(1001, 1000)),
        ];
        for (count, want) in cases {
            assert_eq!(compare(count, 1000), want);
        }
    }

    fn keyed<T>(all: impl IntoIterator<Item = (&'static str, T)>) -> BTreeMap<Key, T> {
        let keyed = |(name, one): (&str, T)| ((Kind::Bytes, name.to_owned()), one);
        all.into_iter().map(keyed).collect()
    }

    #[test]
    fn each_is_told_and_only_what_is_wrong_is_a_fault() {
        // The measurement, the budget, the end of the line, and the violation, if any.
        let not_run = || Some(Measurement::NotRun("no tool".to_owned()));
        let cases = [
            (
                "fits",
                Some(Measurement::Count(970)),
                Some(1000),
                "97.0 %",
                None,
            ),
            (
                "small",
                Some(Measurement::Count(10)),
                Some(1000),
                "can be lowered",
                None,
            ),
            ("absent", not_run(), Some(1000), "not run: no tool", None),
            ("new and absent", not_run(), None, "not run: no tool", None),
            (
                "big",
                Some(Measurement::Count(1050)),
                Some(1000),
                "105.0 %",
                Some("is 50 bytes over its budget (5.0 %)"),
            ),
            (
                "new",
                Some(Measurement::Count(100)),
                None,
                "no budget",
                Some("3 % above 100"),
            ),
            ("gone", None, Some(1000), "is measured", Some("take it out")),
        ];
        for (name, found, budget, end, fault) in cases {
            let found = keyed(found.map(|found| (name, found)));
            let budget = keyed(budget.map(|budget| (name, budget)));
            let lines = judge(&found, &budget);
            let [line] = &lines[..] else {
                panic!("{name}: {lines:?}")
            };
            assert_eq!(line.name, name);
            let table = table(&lines);
            assert!(table.contains(name) && table.ends_with(end), "{table}");
            let faults = faults(&lines, "the file");
            assert_eq!(faults.len(), usize::from(fault.is_some()), "{name}");
            let is_told = |fault: &str| faults.iter().any(|told| told.contains(fault));
            assert!(fault.is_none_or(is_told), "{faults:?}");
        }
    }
}
