//! The core's path of a request as a program that others measure: `guru bench` by the clock, `guru test` by callgrind,
//! against bench/budget.toml. It must not decide what is too much.
//!
//! `path` lists the cases with what each allocates, as JSON; `path CASE REQUESTS` answers that many and prints the
//! nanoseconds that it took.

#![expect(clippy::expect_used, reason = "a benchmark reports by panicking")]

mod cases;

use std::env;
use std::hint::black_box;
use std::time::Instant;

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
    let listed = cases::all().map(|case| {
        let count = allocation_counter::measure(|| drop(black_box(case.run())));
        let counted = serde_json::json!({
            "allocations": count.count_total,
            "bytes": count.bytes_total,
        });
        (case.name.to_owned(), counted)
    });
    println!(
        "{}",
        serde_json::Value::Object(listed.into_iter().collect())
    );
}

fn run(name: &str, requests: u64) {
    let all = cases::all();
    let case = all
        .iter()
        .find(|case| case.name == name)
        .expect("a case of this name");
    let began = Instant::now();
    for _ in 0..requests {
        drop(black_box(case.run()));
    }
    println!("{}", began.elapsed().as_nanos());
}
