//! The portable core of Guru: HTTP types, ports, the router and reference ports.
//!
//! It must not depend on a vendor, an async runtime, the network or `std`: whatever a request does not carry reaches
//! a handler through a [port](ports), and a target implements those ports.
//!
//! ```
//! use guru_core::{App, Context, Request, Response, Result, memory};
//!
//! async fn hello(_cx: Context, req: Request) -> Result<Response> {
//!     let name: String = req.param("name")?;
//!     Ok(Response::text(format!("hello {name}")))
//! }
//!
//! let client = memory::Client::new(App::new().get("/hello/{name}", hello)).unwrap();
//! let answer = client.get("/hello/w%C3%B6rld");
//! assert_eq!(answer.status().as_u16(), 200);
//! assert_eq!(answer.body().as_bytes(), Some("hello wörld".as_bytes()));
//! ```

#![no_std]

extern crate alloc;
#[cfg(any(feature = "http", feature = "log", feature = "tracing"))]
extern crate std;

pub mod adapter;
pub mod app;
pub mod http;
pub mod memory;
pub mod ports;

pub use app::{
    App, Atomic, Blob, Context, Error, ErrorKind, Event, Events, Fetch, Invocation, Invoke,
    KeyValue, Middleware, Next, Out, Result, Secret, Service, Sql, time,
};
pub use http::{Body, Cookie, Headers, Method, Request, Response, SameSite, Status, Uri};
pub use ports::{Level, Ports, Postgres, Sqlite};
