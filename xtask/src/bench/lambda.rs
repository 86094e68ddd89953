//! Measures two Lambda functions in turn: startup and invocation times.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};

use super::{
    contestant::Output,
    emulator::Emulator,
    plan::{Measure, Pair},
    report::{Comparison, median},
    served::{Both, Side, named, of},
    stopwatch,
};

/// All measurements of a pair of functions; each load lasts `seconds`.
pub(super) fn measure(
    pair: &Pair,
    sides: [Side<'_>; 2],
    rounds: u32,
    seconds: u32,
    emulator: &Path,
) -> Result<Vec<Comparison>> {
    let mut execs = Both::default();
    for _ in 0..rounds {
        for (side, execs) in sides.iter().zip(&mut execs) {
            let took = named(side.contestant, stopwatch::time(side.recipe, &Output::Lost))?;
            execs.push(microseconds(took));
        }
    }
    let mut all = vec![of(pair, Measure::ExecToNext, execs)?];
    all.extend(firsts(pair, sides, rounds, emulator)?);
    all.push(warm(pair, sides, rounds, seconds, emulator)?);
    Ok(all)
}

/// The first invocation, with a fresh emulator each time.
fn firsts(
    pair: &Pair,
    sides: [Side<'_>; 2],
    rounds: u32,
    emulator: &Path,
) -> Result<Vec<Comparison>> {
    let mut times = Both::default();
    let mut memory = Both::default();
    for _ in 0..rounds {
        for ((side, times), memory) in sides.iter().zip(&mut times).zip(&mut memory) {
            let name = side.contestant;
            let emulator = named(name, Emulator::start(emulator, side.recipe, &Output::Lost))?;
            times.push(microseconds(named(name, emulator.invoke())?));
            memory.push(named(name, emulator.family().resident())?);
        }
    }
    Ok(vec![
        of(pair, Measure::FirstInvoke, times)?,
        of(pair, Measure::MemoryAtRest, memory)?,
    ])
}

/// Sequential invocations over one connection; a round's sample is their median.
fn warm(
    pair: &Pair,
    sides: [Side<'_>; 2],
    rounds: u32,
    seconds: u32,
    emulator: &Path,
) -> Result<Comparison> {
    let start = |side: Side<'_>| {
        let started = Emulator::start(emulator, side.recipe, &Output::Lost);
        named(side.contestant, started)
    };
    let [ours, theirs] = sides;
    let emulators = [start(ours)?, start(theirs)?];
    let mut times = Both::default();
    for (side, emulator) in sides.iter().zip(&emulators) {
        named(side.contestant, round(emulator, seconds))?;
    }
    for _ in 0..rounds {
        for ((side, emulator), times) in sides.iter().zip(&emulators).zip(&mut times) {
            times.push(named(side.contestant, round(emulator, seconds))?);
        }
    }
    of(pair, Measure::WarmInvoke, times)
}

fn round(emulator: &Emulator, seconds: u32) -> Result<f64> {
    let end = Instant::now() + Duration::from_secs(seconds.into());
    let mut times = Vec::new();
    while Instant::now() < end {
        times.push(microseconds(emulator.invoke()?));
    }
    median(&times).context("nothing was invoked")
}

fn microseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
