//! What the native server and the component host share as HTTP servers on hyper: limits on clients, and a response
//! that says what is wrong where hyper would send an empty one, or none.
//!
//! A server [`accept`]s a stream past its [`Gate`], wraps it in a [`Guard`], serves it with the connection builder
//! that [`builder`] returns, and reports the requests in flight to the guard's [`Activity`]. How it handles a request
//! is up to the server.

mod accept;
mod activity;
mod answered;
mod date;
mod drain;
mod files;
mod guard;
mod limits;
mod signals;

pub use accept::{Gate, Pass, Refusal, accept, address_hint};
pub use activity::{Activity, Running};
pub use answered::Answered;
pub use date::date;
pub use drain::drain;
pub use files::raise_limit as raise_file_limit;
pub use guard::Guard;
pub use limits::{Limits, builder};
pub use signals::{exit_at_the_next, stop_signal};
