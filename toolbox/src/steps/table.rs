//! The table at the end of `guru test`.

use std::time::Duration;

use crate::console::{mark, seconds};

/// The outcome of a step, for the table.
pub(super) enum Outcome {
    Passed,
    Failed,
    NotRun(&'static str),
}

/// One line for each step.
pub(super) fn summary(table: &[(&str, Outcome, Duration)]) -> String {
    let line = |(name, outcome, time): &(&str, Outcome, Duration)| {
        let time = seconds(*time);
        match outcome {
            Outcome::Passed => format!("{} {name:<10} passed   {time:>12}", mark(true, true)),
            Outcome::Failed => format!("{} {name:<10} FAILED   {time:>12}", mark(false, true)),
            Outcome::NotRun(reason) => {
                format!("{} {name:<10} not run  {reason:>12}", mark(false, false))
            }
        }
    };
    table.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_every_step_and_how_it_ended() {
        let table = [
            ("setup", Outcome::Passed, Duration::from_millis(400)),
            ("tests", Outcome::Failed, Duration::from_secs(75)),
            (
                "openapi",
                Outcome::NotRun("an earlier step failed"),
                Duration::ZERO,
            ),
        ];
        let text = summary(&table);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(
            lines[0].contains("setup") && lines[0].contains("passed") && lines[0].contains("0.4 s")
        );
        assert!(lines[1].contains("FAILED") && lines[1].contains("1 min 15 s"));
        assert!(lines[2].contains("not run") && lines[2].contains("an earlier step failed"));
    }
}
