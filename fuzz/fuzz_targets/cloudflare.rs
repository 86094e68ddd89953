//! The property `cloudflare` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| properties::cloudflare::check(data));
