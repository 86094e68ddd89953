//! The properties on a stable toolchain: first the seeds, then mutations of them, for `GURU_FUZZ_SECONDS` each (one by default).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bolero::{TypeGenerator, check};
use properties::mutate::{Edit, mutated};
use properties::{ALL, Property, seeds};

/// A seed and its mutations; sometimes a second seed is appended.
#[derive(Clone, Debug, TypeGenerator)]
struct Change {
    seed: u16,
    other: Option<u16>,
    edits: Vec<(u16, u8, u8, u8)>,
}

fn seconds() -> Duration {
    let set = std::env::var("GURU_FUZZ_SECONDS").ok();
    let seconds = set.map(|text| {
        text.parse()
            .expect("GURU_FUZZ_SECONDS is a number of seconds")
    });
    Duration::from_secs(seconds.unwrap_or(1))
}

fn hold(name: &str) {
    let found = ALL.iter().find(|(other, _)| *other == name);
    let (_, property): &Property = found.expect("a property of that name");
    let seeds = seeds::of(name);
    for seed in &seeds {
        property(seed);
    }
    let count = AtomicUsize::new(seeds.len());
    check!()
        .with_type::<Change>()
        .with_test_time(seconds())
        .for_each(|change| {
            let seed = |index: u16| &*seeds[usize::from(index) % seeds.len()];
            let mut bytes = seed(change.seed).to_vec();
            bytes.extend(change.other.map(seed).unwrap_or_default());
            let edits: Vec<_> = change
                .edits
                .iter()
                .map(|&(at, length, kind, byte)| Edit {
                    at,
                    length,
                    kind,
                    byte,
                })
                .collect();
            count.fetch_add(1, Ordering::Relaxed);
            property(&mutated(&bytes, &edits));
        });
    println!(
        "{name}: {} inputs, {} of them seeds",
        count.load(Ordering::Relaxed),
        seeds.len()
    );
}

macro_rules! properties {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                hold(stringify!($name));
            }
        )*

        #[test]
        fn all_of_them_are_here() {
            let names: Vec<_> = ALL.iter().map(|(name, _)| *name).collect();
            assert_eq!(names, [$(stringify!($name)),*]);
        }
    };
}

properties! { answer cloudflare event head log query router }
