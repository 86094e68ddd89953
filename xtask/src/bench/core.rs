//! Measures the portable core, compared with the same function written by hand, and the start of an instance.

use anyhow::{Context as _, Result};

use super::{
    BenchContext,
    contestant::Refusal,
    ours,
    report::{Better, Comparison, Ratio, Series, Unit, Verdict},
};
use crate::{
    args::Group,
    gauge::{self, BY_HAND, Callgrind, Gauge, PATH},
};

/// The case that also exists written by hand.
const CASE: &str = "meditation";

/// Requests per round, which take about a fifth of a second.
const REQUESTS: u32 = 200_000;
const INSTANCES: u32 = 5000;

/// The bar for starting an instance, in nanoseconds.
const INSTANCE_BAR: f64 = 30_000.0;

/// The comparisons of the core; a contestant that is missing is passed to `refuse`.
pub(super) fn measure(
    context: &BenchContext<'_>,
    rounds: u32,
    refuse: &mut dyn FnMut(&str, Refusal),
) -> Vec<Comparison> {
    let mut all = Vec::new();
    let mut keep = |name: &str, measured: Result<Comparison, Refusal>| match measured {
        Ok(comparison) => all.push(comparison),
        Err(refusal) => refuse(name, refusal),
    };
    let title = format!("core: {CASE} and {BY_HAND}");
    match PATH.build(context.workspace) {
        Ok(gauge) => {
            let step = context.console.step(&title);
            keep("nanoseconds", nanoseconds(&gauge, rounds));
            keep("instructions", instructions(context, &gauge));
            keep("allocations", allocations(&gauge));
            step.done();
        }
        Err(error) => keep(&title, Err(error.into())),
    }
    keep("core: instantiation", instantiation(context, rounds));
    all
}

/// Both in turn, round by round.
fn nanoseconds(gauge: &Gauge, rounds: u32) -> Result<Comparison, Refusal> {
    let mut series = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        for (case, samples) in [CASE, BY_HAND].into_iter().zip(&mut series) {
            samples.push(gauge.nanoseconds(case, REQUESTS)?);
        }
    }
    let [ours, theirs] = series;
    Ok(compare("a request", Unit::Nanoseconds, ours, theirs)?)
}

fn instructions(context: &BenchContext<'_>, gauge: &Gauge) -> Result<Comparison, Refusal> {
    let callgrind = Callgrind::find(context.home, context.console).map_err(Refusal::NotRun)?;
    let count = |case| {
        let count = callgrind.instructions(gauge, case)?;
        anyhow::Ok(vec![f64::from(count)])
    };
    let (ours, theirs) = (count(CASE)?, count(BY_HAND)?);
    Ok(compare(
        "instructions a request",
        Unit::Count,
        ours,
        theirs,
    )?)
}

fn allocations(gauge: &Gauge) -> Result<Comparison, Refusal> {
    let cases = gauge.cases()?;
    let count = |case: &str| {
        let heap = cases.get(case);
        let heap = heap.with_context(|| format!("the benchmark has no case `{case}`"))?;
        anyhow::Ok(vec![f64::from(heap.allocations)])
    };
    let (ours, theirs) = (count(CASE)?, count(BY_HAND)?);
    Ok(compare("allocations a request", Unit::Count, ours, theirs)?)
}

/// The start of the example's component, compared with a fixed number.
fn instantiation(context: &BenchContext<'_>, rounds: u32) -> Result<Comparison, Refusal> {
    let gauge = gauge::host(context.workspace)?;
    let compiled = ours::instance(context)?;
    let compiled = compiled.to_str().context("a path that is no text")?;
    let step = context.console.step("core: instantiation");
    let samples = (0..rounds).map(|_| gauge.nanoseconds(compiled, INSTANCES));
    let samples = samples.collect::<Result<Vec<_>>>()?;
    step.done();
    Ok(against_the_bar(samples)?)
}

fn compare(measure: &str, unit: Unit, ours: Vec<f64>, theirs: Vec<f64>) -> Result<Comparison> {
    let ours = Series::new(format!("guru, {CASE}"), ours)?;
    let theirs = Series::new(BY_HAND, theirs)?;
    comparison(measure, unit, ours, theirs)
}

fn against_the_bar(samples: Vec<f64>) -> Result<Comparison> {
    let bar = Series::new("the bar", vec![INSTANCE_BAR; samples.len()])?;
    let ours = Series::new("guru in guru-host", samples)?;
    let compared = comparison("an instance", Unit::Nanoseconds, ours, bar)?;
    Ok(Comparison {
        bar: Some(Verdict::new(1.0, false, &compared.ratio, Better::Lower)),
        ..compared
    })
}

fn comparison(measure: &str, unit: Unit, ours: Series, theirs: Series) -> Result<Comparison> {
    Ok(Comparison {
        group: Group::Core,
        measure: measure.to_owned(),
        rate: None,
        unit,
        better: Better::Lower,
        ratio: Ratio::new(&ours, &theirs)?,
        ours,
        theirs,
        bar: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_is_held_to_its_bar() {
        for (samples, is_met) in [
            (vec![29_000.0, 20_000.0, 90_000.0], true),
            (vec![31_000.0, 20_000.0, 90_000.0], false),
        ] {
            let compared = against_the_bar(samples).unwrap();
            assert_eq!(compared.theirs.samples, [INSTANCE_BAR; 3]);
            assert_eq!(compared.bar.unwrap().is_met, is_met);
        }
        assert!(against_the_bar(Vec::new()).is_err());
    }

    #[test]
    fn what_is_by_hand_has_no_bar() {
        let compared = compare("a request", Unit::Count, vec![11.0], vec![5.0]).unwrap();
        assert_eq!((compared.ratio.median, compared.bar), (2.2, None));
    }
}
