//! Samples, their median and spread, and the ratio of two series.

use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};

/// Which of two numbers is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Better {
    Higher,
    Lower,
}

/// The samples of one contestant, one per round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) samples: Vec<f64>,
    pub(crate) median: f64,
    pub(crate) lowest: f64,
    pub(crate) highest: f64,
}

impl Series {
    /// The series of a contestant's samples, of which there must be at least one.
    pub(crate) fn new(name: impl Into<String>, samples: Vec<f64>) -> Result<Self> {
        let name = name.into();
        let (lowest, median, highest) =
            spread(&samples).with_context(|| format!("nothing was measured of {name}"))?;
        Ok(Self {
            name,
            samples,
            median,
            lowest,
            highest,
        })
    }
}

/// The ratio ours/theirs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ratio {
    /// The ratio of the medians.
    pub(crate) median: f64,
    /// The lowest ratio of a round.
    pub(crate) lowest: f64,
    pub(crate) highest: f64,
    /// The ratios, round by round.
    pub(crate) rounds: Vec<f64>,
}

impl Ratio {
    /// Compares two series that were taken in turn.
    pub(crate) fn new(ours: &Series, theirs: &Series) -> Result<Self> {
        ensure!(
            theirs.lowest > 0.0,
            "what was measured of {} is nothing to compare with",
            theirs.name
        );
        let pairs = ours.samples.iter().zip(&theirs.samples);
        let rounds: Vec<f64> = pairs.map(|(ours, theirs)| ours / theirs).collect();
        let (lowest, _, highest) = spread(&rounds).context("no round was whole")?;
        Ok(Self {
            median: ours.median / theirs.median,
            lowest,
            highest,
            rounds,
        })
    }
}

/// The lowest, the median and the highest of some numbers.
fn spread(numbers: &[f64]) -> Option<(f64, f64, f64)> {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    Some((*sorted.first()?, median_of(&sorted)?, *sorted.last()?))
}

/// The median of some numbers.
pub(crate) fn median(numbers: &[f64]) -> Option<f64> {
    spread(numbers).map(|(_, median, _)| median)
}

fn median_of(sorted: &[f64]) -> Option<f64> {
    let half = sorted.len() / 2;
    let upper = *sorted.get(half)?;
    if sorted.len().is_multiple_of(2) {
        Some((sorted.get(half.checked_sub(1)?)? + upper) / 2.0)
    } else {
        Some(upper)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        let cases: [(&[f64], _); 5] = [
            (&[], None),
            (&[3.0], Some(3.0)),
            (&[9.0, 1.0], Some(5.0)),
            (&[9.0, 1.0, 2.0], Some(2.0)),
            (&[4.0, 1.0, 3.0, 2.0], Some(2.5)),
        ];
        for (numbers, want) in cases {
            assert_eq!(median(numbers), want, "{numbers:?}");
        }
    }

    #[test]
    fn a_ratio_is_that_of_the_medians_and_its_spread_that_of_the_rounds() {
        let ours = Series::new("ours", vec![10.0, 30.0, 20.0]).unwrap();
        let theirs = Series::new("theirs", vec![10.0, 10.0, 40.0]).unwrap();
        let ratio = Ratio::new(&ours, &theirs).unwrap();
        assert_eq!(ratio.median, 2.0);
        assert_eq!(ratio.rounds, [1.0, 3.0, 0.5]);
        assert_eq!((ratio.lowest, ratio.highest), (0.5, 3.0));
        assert!(Series::new("none", vec![]).is_err());
        let nothing = Series::new("nothing", vec![0.0]).unwrap();
        assert!(Ratio::new(&ours, &nothing).is_err());
    }
}
