//! Measures two servers that stream, and that ask a third one: how fast content leaves, when its first byte is there, how many
//! requests they pass on.

use std::{
    io::{self, Read as _},
    time::Instant,
};

use anyhow::{Context as _, Result};

use super::{
    contestant::{Output, Ready, Recipe},
    load::Loads,
    plan::{Measure, Pair},
    report::{Comparison, median},
    running::{Running, agent},
    served::{Both, Side, named, of as compared},
};

/// 16 MiB in lines of 64 KiB.
const STREAM: &str = "stream?n=256&every=0&size=65536";

/// A short one, to see that it works.
const SHORT: &str = "stream?n=2&every=0&size=65536";

/// How many streams at once, beside one alone. On Cloudflare an instance serves one, and there are 32.
const MANY: u32 = 8;

/// How many streams are begun for one time to the first byte.
const BEGUN: usize = 20;

/// A contestant that streams, and has no meditations.
pub(super) fn of(mut ready: Ready) -> Ready {
    ready.recipe = ready.recipe.asked(SHORT);
    ready
}

/// All measurements of a pair; requests are passed on to `origin`, the same for both.
pub(super) fn measure(
    pair: &Pair,
    sides: [Side<'_>; 2],
    rounds: u32,
    loads: &Loads,
    origin: &Recipe,
) -> Result<Vec<Comparison>> {
    let origin = Running::start(origin, &Output::Lost).context("the server that is asked")?;
    let [ours, theirs] =
        sides.map(|side| named(side.contestant, Running::start(side.recipe, &Output::Lost)));
    let servers = [ours?, theirs?];
    let in_turn = |measure: Measure, sample: &dyn Fn(&str) -> Result<f64>| {
        let mut both = Both::default();
        // The first round warms them up.
        for round in 0..=rounds {
            for ((side, server), samples) in sides.iter().zip(&servers).zip(&mut both) {
                let sample = named(side.contestant, server.blame(sample(server.url())))?;
                if round > 0 {
                    samples.push(sample);
                }
            }
        }
        compared(pair, measure, both)
    };
    let stream = |url: &str, connections| loads.bytes(&format!("{url}{STREAM}"), connections);
    let pass = |url: &str, connections| {
        let url = format!("{url}pass?to={}ok", origin.url());
        loads.throughput(&url, connections)
    };
    Ok(vec![
        in_turn(Measure::StreamOfOne, &|url| stream(url, 1))?,
        in_turn(Measure::StreamOfMany, &|url| stream(url, MANY))?,
        in_turn(Measure::FirstByte, &first_byte)?,
        in_turn(Measure::PassedOfOne, &|url| pass(url, 1))?,
        in_turn(Measure::Passed, &|url| pass(url, loads.connections))?,
    ])
}

/// The median time to the first byte of a stream's content, on a connection that is there already, in microseconds.
fn first_byte(url: &str) -> Result<f64> {
    let agent = agent(1);
    let mut times = Vec::new();
    for _ in 0..=BEGUN {
        let begun = Instant::now();
        let mut content = agent
            .get(format!("{url}{STREAM}"))
            .call()?
            .into_body()
            .into_reader();
        content.read_exact(&mut [0])?;
        times.push(begun.elapsed().as_secs_f64() * 1e6);
        io::copy(&mut content, &mut io::sink())?;
    }
    // The first one made the connection.
    median(times.get(1..).unwrap_or_default()).context("no stream has begun")
}
