//! The property `router` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| properties::router::check(data));
