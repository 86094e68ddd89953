//! The core's path of a request: route, handle, serialise. It must not measure a server.
//!
//! `cargo bench -p guru-core --bench request`; each case prints its allocations first.

#![expect(clippy::expect_used, reason = "a benchmark reports by panicking")]

mod cases;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};

fn request(criterion: &mut Criterion) {
    for case in cases::all() {
        let count = allocation_counter::measure(|| drop(black_box(case.run())));
        println!(
            "{}: {} allocations, {} bytes",
            case.name, count.count_total, count.bytes_total
        );
        criterion.bench_function(case.name, |bencher| bencher.iter(|| black_box(case.run())));
    }
}

criterion_group!(benches, request);
criterion_main!(benches);
