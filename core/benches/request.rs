//! The core's path of a request: route, handle, serialise. It must not measure a server.
//!
//! `cargo bench -p guru-core --bench request`; each case prints its allocations first.

#![expect(clippy::expect_used, reason = "a benchmark reports by panicking")]

mod cases;

use std::hint::black_box;

use cases::by_hand::{self, ByHand};
use criterion::{Criterion, criterion_group, criterion_main};

fn request(criterion: &mut Criterion) {
    for case in cases::all() {
        bench(criterion, case.name, || case.run());
    }
    let by_hand = ByHand::new();
    bench(criterion, by_hand::NAME, || by_hand.run());
}

fn bench<T>(criterion: &mut Criterion, name: &str, answer: impl Fn() -> T) {
    let count = allocation_counter::measure(|| drop(black_box(answer())));
    println!(
        "{name}: {} allocations, {} bytes",
        count.count_total, count.bytes_total
    );
    criterion.bench_function(name, |bencher| bencher.iter(|| black_box(answer())));
}

criterion_group!(benches, request);
criterion_main!(benches);
