//! What an HTTP server on hyper owes its clients, once for the native server and for the host of components: limits on
//! what a client may take, and an answer that says what is wrong where hyper has an empty one, or none.
//!
//! A server [`accept`]s a stream past its [`Gate`], wraps it in a [`Guard`], serves it with what [`builder`] makes, and
//! tells the guard's [`Activity`] which requests are under way. What it does with a request is its own affair.

mod accept;
mod activity;
mod answered;
mod date;
mod files;
mod guard;
mod limits;
mod signals;

pub use accept::{Gate, Pass, Refusal, accept, address_hint};
pub use activity::{Activity, Running};
pub use answered::Answered;
pub use date::date;
pub use files::raise_limit as raise_file_limit;
pub use guard::Guard;
pub use limits::{Limits, builder};
pub use signals::{exit_at_the_next, stop_signal};
