//! What Lambda passes in becomes a request or is refused, and a response reaches the sender of the event unchanged.
//!
//! The bootstrap's own files are compiled here, without those that host a component. So the bootstrap need not make anything
//! public, and wasmtime is not built for fuzzing.

// Code that only the rest of the bootstrap uses would be reported here.
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
