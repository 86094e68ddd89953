//! Hosts a function's component with wasmtime. Only this crate depends on wasmtime.
//!
//! A [`Host`] handles each request in an instance of its own: whatever one request leaves behind, or breaks, is
//! invisible to the others. [`serve`] exposes it over plain HTTP; on AWS Lambda, events take that place.

mod answer;
mod body;
mod component;
mod engine;
mod host;
mod limits;
mod log;
mod outbound;
mod serve;
mod state;
mod stores;
mod upload;

pub use body::Body;
#[cfg(feature = "compile")]
pub use component::compile;
pub use component::{Error, ErrorKind};
pub use host::{Caller, Host, Options};
pub use limits::Limits;
pub use serve::{ListenAddress, serve};
pub use stores::Stores;
/// Why a body breaks off.
pub use wasmtime_wasi_http::Error as BodyError;
