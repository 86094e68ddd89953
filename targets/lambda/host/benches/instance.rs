//! What a fresh instance costs, as a program that `guru bench` measures. It must not know requests.
//!
//! `instance FILE COUNT` makes that many instances of a compiled component, one after the other, and prints the nanoseconds
//! that it took.

#![expect(clippy::expect_used, reason = "a benchmark reports by panicking")]

use std::env;
use std::path::Path;
use std::time::Instant;

use guru_host::{Host, Options};

fn main() {
    let mut arguments = env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"));
    let (Some(file), Some(count)) = (arguments.next(), arguments.next()) else {
        // As `cargo test --benches` calls it.
        println!("instance FILE COUNT");
        return;
    };
    let count: u32 = count.parse().expect("a number of instances");
    let host = Host::load(Path::new(&file), Options::default()).expect("a compiled component");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let took = runtime.block_on(async {
        host.rehearse().await.expect("an instance");
        let began = Instant::now();
        for _ in 0..count {
            host.rehearse().await.expect("an instance");
        }
        began.elapsed()
    });
    println!("{}", took.as_nanos());
}
