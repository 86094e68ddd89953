//! Measures two servers in turn: startup time, throughput, latency, and the memory they take.

use std::{thread, time::Duration};

use anyhow::{Context as _, Result};

use super::{
    compare,
    contestant::{Contestant, Output, Recipe},
    load::{Loads, oha::Latency},
    memory::Family,
    plan::{Measure, Pair},
    report::{Comparison, median},
    running::Running,
};

/// How long a server idles before its memory is measured.
const REST: Duration = Duration::from_millis(200);

/// One of the two servers.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) contestant: Contestant,
    pub(super) recipe: &'a Recipe,
}

/// The samples of both, ours first.
pub(super) type Both = [Vec<f64>; 2];

/// All measurements of a pair of servers.
pub(super) fn measure(
    pair: &Pair,
    sides: [Side<'_>; 2],
    rounds: u32,
    loads: &Loads,
) -> Result<Vec<Comparison>> {
    let mut all = starts(pair, sides, rounds)?;
    let servers =
        sides.map(|side| named(side.contestant, Running::start(side.recipe, &Output::Lost)));
    let [ours, theirs] = servers;
    let servers = [ours?, theirs?];
    let names = sides.map(|side| side.contestant);
    let (of_one, _) = throughput(names, &servers, rounds, loads, 1)?;
    let (requests, memory) = throughput(names, &servers, rounds, loads, loads.connections)?;
    let slower = requests.iter().filter_map(|samples| median(samples));
    let rate = (slower.fold(f64::INFINITY, f64::min) / 2.0)
        .round()
        .max(1.0);
    all.push(of(pair, Measure::Requests, requests)?);
    // Many concurrent connections hide a server's network waits; a single one shows them.
    all.push(of(pair, Measure::RequestsOfOne, of_one)?);
    all.extend(latency(pair, names, &servers, rounds, loads, rate)?);
    all.push(of(pair, Measure::MemoryUnderLoad, memory)?);
    Ok(all)
}

/// Startup times. Each server is ended before the other starts.
fn starts(pair: &Pair, sides: [Side<'_>; 2], rounds: u32) -> Result<Vec<Comparison>> {
    let mut times = Both::default();
    let mut memory = Both::default();
    for _ in 0..rounds {
        for ((side, times), memory) in sides.iter().zip(&mut times).zip(&mut memory) {
            let server = named(side.contestant, Running::start(side.recipe, &Output::Lost))?;
            times.push(server.started_in.as_secs_f64() * 1e6);
            thread::sleep(REST);
            memory.push(named(side.contestant, Family::of(server.id()).resident())?);
        }
    }
    Ok(vec![
        of(pair, Measure::ColdStart, times)?,
        of(pair, Measure::MemoryAtRest, memory)?,
    ])
}

/// Requests per second with this many connections, and the peak memory meanwhile.
fn throughput(
    names: [Contestant; 2],
    servers: &[Running; 2],
    rounds: u32,
    loads: &Loads,
    connections: u32,
) -> Result<(Both, Both)> {
    let mut requests = Both::default();
    let mut memory = Both::default();
    for (name, server) in names.into_iter().zip(servers) {
        named(
            name,
            server.blame(loads.throughput(server.url(), connections)),
        )?;
    }
    for _ in 0..rounds {
        let both = names.into_iter().zip(servers);
        for (((name, server), requests), memory) in both.zip(&mut requests).zip(&mut memory) {
            let family = Family::of(server.id());
            named(name, family.forget_peak())?;
            requests.push(named(
                name,
                server.blame(loads.throughput(server.url(), connections)),
            )?);
            memory.push(named(name, family.peak())?);
        }
    }
    Ok((requests, memory))
}

/// Latencies at a rate that both can sustain.
fn latency(
    pair: &Pair,
    names: [Contestant; 2],
    servers: &[Running; 2],
    rounds: u32,
    loads: &Loads,
    rate: f64,
) -> Result<Vec<Comparison>> {
    let mut taken: [Vec<Latency>; 2] = Default::default();
    for (name, server) in names.into_iter().zip(servers) {
        named(name, server.blame(loads.latency(server.url(), rate)))?;
    }
    for _ in 0..rounds {
        for ((name, server), taken) in names.into_iter().zip(servers).zip(&mut taken) {
            taken.push(named(
                name,
                server.blame(loads.latency(server.url(), rate)),
            )?);
        }
    }
    let each = |of: fn(&Latency) -> f64| -> Both {
        [0, 1].map(|at| taken.get(at).into_iter().flatten().map(of).collect())
    };
    let mut all = vec![
        of(pair, Measure::LatencyP50, each(|latency| latency.p50))?,
        of(pair, Measure::LatencyP99, each(|latency| latency.p99))?,
        of(pair, Measure::LatencyP999, each(|latency| latency.p999))?,
    ];
    for one in &mut all {
        one.rate = Some(rate);
    }
    Ok(all)
}

/// Compares the samples of both.
pub(super) fn of(pair: &Pair, measure: Measure, both: Both) -> Result<Comparison> {
    let [ours, theirs] = both;
    compare(pair, measure, ours, theirs)
}

/// Adds the contestant's name to an error.
pub(super) fn named<T>(contestant: Contestant, result: Result<T>) -> Result<T> {
    result.with_context(|| contestant.name().to_owned())
}
