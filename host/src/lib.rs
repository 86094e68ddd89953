//! Hosts a function's component with wasmtime: the one place that knows wasmtime. It must not know a
//! vendor, nor decide what an answer is.
//!
//! A [`Host`] answers requests, each with an instance of its own: what one request leaves behind, or
//! breaks, no other sees. [`serve`] puts it on plain HTTP; on AWS Lambda events take that place.

mod answer;
mod body;
mod component;
mod engine;
mod host;
mod limits;
mod log;
mod serve;
mod state;

pub use body::Body;
#[cfg(feature = "compile")]
pub use component::compile;
pub use component::{Error, ErrorKind};
pub use host::{Caller, Host, Options};
pub use limits::Limits;
pub use serve::{ListenAddress, serve};
/// Why a body breaks off.
pub use wasmtime_wasi_http::Error as BodyError;
