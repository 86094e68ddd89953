//! The portable core by itself: routing, headers, bodies, without a runtime around them. Knows no contestant.

use super::report::Comparison;

/// What was compared of the core. Its own benchmarks, `cargo bench -p guru-core`, compare nothing yet.
pub(super) fn measure() -> Vec<Comparison> {
    Vec::new()
}
