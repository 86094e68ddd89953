//! The core's path of a request as a program that others measure: `guru bench` by the clock, `guru test` by callgrind,
//! against bench/budget.toml. It must not decide what is too much.
//!
//! `path` lists the cases with what each allocates, as JSON; `path CASE REQUESTS` answers that many and prints the
//! nanoseconds that it took. One case, `by hand`, is the others' measure: it has no core in it.

#![expect(clippy::expect_used, reason = "a benchmark reports by panicking")]

mod cases;

use std::env;
use std::hint::black_box;
use std::time::Instant;

use cases::by_hand::{self, ByHand};

fn main() {
    let mut arguments = env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"));
    match (arguments.next(), arguments.next()) {
        (Some(name), Some(requests)) => run(&name, requests.parse().expect("a number of requests")),
        _ => list(),
    }
}

fn list() {
    let by_hand = ByHand::new();
    let by_hand = (by_hand::NAME, counted(|| by_hand.run()));
    let cases = cases::all().map(|case| (case.name, counted(|| case.run())));
    let listed = cases.into_iter().chain([by_hand]);
    let listed = listed.map(|(name, counted)| (name.to_owned(), counted));
    println!("{}", serde_json::Value::Object(listed.collect()));
}

fn counted<T>(answer: impl Fn() -> T) -> serde_json::Value {
    let count = allocation_counter::measure(|| drop(black_box(answer())));
    serde_json::json!({
        "allocations": count.count_total,
        "bytes": count.bytes_total,
    })
}

fn run(name: &str, requests: u64) {
    if name == by_hand::NAME {
        let by_hand = ByHand::new();
        return time(requests, || by_hand.run());
    }
    let all = cases::all();
    let case = all
        .iter()
        .find(|case| case.name == name)
        .expect("a case of this name");
    time(requests, || case.run());
}

fn time<T>(requests: u64, answer: impl Fn() -> T) {
    let began = Instant::now();
    for _ in 0..requests {
        drop(black_box(answer()));
    }
    println!("{}", began.elapsed().as_nanos());
}
