//! What Lambda hands over becomes a request or is refused, and an answer says the same to whoever has sent the event.
//!
//! The bootstrap's own files are compiled here, without those that host a component: so nothing of the bootstrap is
//! public for it, and wasmtime need not be built under a fuzzer.

// What only the rest of the bootstrap uses would be reported here.
#![expect(dead_code, reason = "the rest of the bootstrap is not here")]

#[path = "../../../targets/lambda/src/base.rs"]
mod base;
#[path = "../../../targets/lambda/src/convert.rs"]
mod convert;
#[path = "../../../targets/lambda/src/encode.rs"]
mod encode;
mod error;
#[path = "../../../targets/lambda/src/event.rs"]
mod event;
#[path = "../../../targets/lambda/src/shape.rs"]
mod shape;
#[path = "../../../targets/lambda/src/unknown.rs"]
mod unknown;

pub mod reading;
pub mod writing;
