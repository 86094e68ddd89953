//! Write a serverless function once, run it on every vendor.
//!
//! This is the only crate that a function depends on: the portable [core](guru_core), and behind [`export!`] and
//! [`main!`] the adapter for the vendor. `guru build --on VENDOR` selects the adapter with a feature of this crate; a
//! native build needs no feature.
//!
//! ```
//! use guru::prelude::*;
//!
//! pub fn app() -> App {
//!     App::new().get("/hello/{name}", hello)
//! }
//!
//! async fn hello(cx: Context, req: Request) -> Result<Response> {
//!     let name: String = req.param("name")?;
//!     cx.log().info("greeting", fields! { name });
//!     Ok(Response::text(format!("hello {name}")))
//! }
//!
//! guru::export!(app);
//!
//! // In a unit test, without a server:
//! let client = guru::memory::Client::new(app()).unwrap();
//! assert_eq!(client.get("/hello/you").body().as_bytes(), Some(&b"hello you"[..]));
//! ```
//!
//! `src/main.rs` is one line, for the native build: `guru::main!(my_function::app);`

#![cfg_attr(target_family = "wasm", no_std)]

pub use bytes::Bytes;
pub use guru_core::{
    App, Atomic, Blob, Body, Context, Cookie, Error, ErrorKind, Event, Events, Fetch, Headers,
    Invocation, Invoke, KeyValue, Level, Method, Middleware, Next, Out, Ports, Postgres, Request,
    Response, Result, Secret, Service, Sql, Sqlite, Status, Uri, app, fields, http, memory, params,
    ports, time,
};
/// For derives: `#[derive(Serialize)] #[serde(crate = "guru::serde")]`. Otherwise a derive looks for a crate named
/// `serde` among the author's own dependencies.
pub use serde;

#[cfg(not(target_family = "wasm"))]
#[doc(hidden)]
pub use guru_native as native;

#[cfg(feature = "cloudflare")]
#[doc(hidden)]
pub use guru_cloudflare as cloudflare;

#[cfg(feature = "wasi")]
#[doc(hidden)]
pub use guru_wasi as wasi;

mod declare;

/// The ports of the target that is built for, made when a function first uses them.
#[doc(hidden)]
#[cfg(any(
    not(target_family = "wasm"),
    all(feature = "cloudflare", not(feature = "wasi")),
    all(feature = "wasi", not(feature = "cloudflare"))
))]
pub mod vendor {
    #[cfg(all(target_family = "wasm", feature = "cloudflare"))]
    use guru_cloudflare as adapter;
    #[cfg(not(target_family = "wasm"))]
    use guru_native as adapter;
    #[cfg(all(target_family = "wasm", feature = "wasi"))]
    use guru_wasi as adapter;

    #[cfg(feature = "blob")]
    pub use adapter::blob;
    pub use adapter::fetch;
    #[cfg(feature = "invoke")]
    pub use adapter::invoke;
    #[cfg(feature = "postgres")]
    pub use adapter::postgres;
    #[cfg(feature = "secret")]
    pub use adapter::secret;
    #[cfg(feature = "sql")]
    pub use adapter::sqlite;
    #[cfg(feature = "key-value")]
    pub use adapter::{atomic, key_value};
}

#[doc(hidden)]
pub use declare::section;

/// What unit tests need beside [`memory`].
#[cfg(all(
    not(target_family = "wasm"),
    any(feature = "postgres", feature = "sql")
))]
pub mod testing {
    /// An empty database of SQLite in memory, for [`memory::Client::database`](crate::memory::Client::database). It takes what
    /// every target takes.
    ///
    /// ```
    /// use guru::prelude::*;
    /// use guru::{memory, params};
    ///
    /// guru::ports! { db: Sql<Sqlite> }
    ///
    /// async fn visit(cx: Context, _req: Request) -> Result<Response> {
    ///     let db = cx.port(db);
    ///     db.query("CREATE TABLE IF NOT EXISTS visits (at INTEGER)", params![]).await?;
    ///     db.query("INSERT INTO visits VALUES (?1)", params![cx.clock().now().as_millis() as i64]).await?;
    ///     let all: Option<i64> = db.first_as("SELECT count(*) FROM visits", params![]).await?;
    ///     Ok(Response::text(format!("visits: {}", all.unwrap_or_default())))
    /// }
    /// # guru::export!(app);
    /// # pub fn app() -> App { App::new().get("/", visit) }
    ///
    /// let client = memory::Client::new(app())?.database("db", guru::testing::sqlite());
    /// assert_eq!(client.get("/").body().as_bytes(), Some(&b"visits: 1"[..]));
    /// assert_eq!(client.get("/").body().as_bytes(), Some(&b"visits: 2"[..]));
    /// # Ok::<(), Error>(())
    /// ```
    #[cfg(feature = "sql")]
    #[must_use]
    pub fn sqlite() -> guru_native::SqliteInMemory {
        guru_native::SqliteInMemory::new()
    }

    /// The same with the tables that the migrations in a folder make, as `migrations/db` of the function's own: relative paths begin at
    /// its Cargo.toml, where tests are run.
    ///
    /// ```no_run
    /// # use guru::memory;
    /// # fn app() -> guru::App { guru::App::new() }
    /// let tables = guru::testing::migrated("migrations/db");
    /// let client = memory::Client::new(app())?.database("db", tables);
    /// # Ok::<(), guru::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// When there are none, or they cannot be applied.
    #[cfg(feature = "sql")]
    #[must_use]
    pub fn migrated(folder: impl AsRef<std::path::Path>) -> guru_native::SqliteInMemory {
        guru_native::testing_migrated(folder.as_ref())
    }

    /// The database of a PostgreSQL server at a URL, `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, for
    /// [`memory::Client::database`](crate::memory::Client::database). A call is waited for where it is made, and what a test
    /// writes stays there.
    ///
    /// ```no_run
    /// use guru::prelude::*;
    /// use guru::{memory, params};
    ///
    /// guru::ports! { db: Sql<Postgres> }
    ///
    /// async fn version(cx: Context, _req: Request) -> Result<Response> {
    ///     let version: Option<String> = cx.port(db).first_as("SELECT version()", params![]).await?;
    ///     Ok(Response::text(version.unwrap_or_default()))
    /// }
    /// # guru::export!(app);
    /// # pub fn app() -> App { App::new().get("/", version) }
    ///
    /// let url = std::env::var("TEST_DATABASE").expect("TEST_DATABASE names a database for tests");
    /// let client = memory::Client::new(app())?.database("db", guru::testing::postgres(&url));
    /// assert_eq!(client.get("/").status().as_u16(), 200);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// When the URL is none.
    #[cfg(feature = "postgres")]
    #[must_use]
    pub fn postgres(url: &str) -> impl crate::ports::Sql + 'static {
        guru_native::testing_postgres(url)
    }
}

/// The items that nearly every function needs.
pub mod prelude {
    pub use crate::app::middleware::{
        BodyLimit, CacheControl, Cors, Etag, Idempotency, RateLimit, RequestLog, SameOrigin,
        SecurityHeaders, Timeout,
    };
    pub use crate::app::{
        Basic, Bearer, CookieKey, Cookies, Extension, Form, FromHead, FromRequest, Header, Html,
        IntoResponse, Json, NamedHeader, OptionalFromHead, OptionalFromRequest, Path, Proxy, Query,
        Start, State, limited, unlimited, wrapped,
    };
    pub use crate::{
        App, Body, Bytes, Context, Cookie, Error, ErrorKind, Event, Headers, Method, Next, Request,
        Response, Result, Status, Uri, fields,
    };
    pub use serde::{Deserialize, Serialize};
}

/// Exports the app of a function: `guru::export!(app)`, where `app` is a `fn() -> App` or an
/// `async fn(Start) -> Result<App>`. Use it once per crate, in `lib.rs`.
///
/// The expansion depends on the vendor that is built for. A native build exports nothing; there [`main!`] serves the
/// function.
#[cfg(not(target_family = "wasm"))]
#[macro_export]
macro_rules! export {
    ($app:path) => {
        const _: fn() -> $crate::App = || $crate::app::IntoApp::into_app($app);
    };
}

/// Exports the app of a function: `guru::export!(app)`, where `app` is a `fn() -> App` or an
/// `async fn(Start) -> Result<App>`. Use it once per crate, in `lib.rs`.
///
/// In this build it exports a Cloudflare Worker.
#[cfg(all(target_family = "wasm", feature = "cloudflare", not(feature = "wasi")))]
#[macro_export]
macro_rules! export {
    ($app:path) => {
        $crate::cloudflare::export!(|| $crate::app::IntoApp::into_app($app));
    };
}

/// Exports the app of a function: `guru::export!(app)`, where `app` is a `fn() -> App` or an
/// `async fn(Start) -> Result<App>`. Use it once per crate, in `lib.rs`.
///
/// In this build it exports a WASI 0.3 HTTP component.
#[cfg(all(target_family = "wasm", feature = "wasi", not(feature = "cloudflare")))]
#[macro_export]
macro_rules! export {
    ($app:path) => {
        $crate::wasi::export!(|| $crate::app::IntoApp::into_app($app));
    };
}

/// Exports the app of a function: `guru::export!(app)`, where `app` is a `fn() -> App` or an
/// `async fn(Start) -> Result<App>`. Use it once per crate, in `lib.rs`.
///
/// In this build it does not compile: no vendor was selected, or two were.
#[cfg(all(
    target_family = "wasm",
    any(
        all(feature = "cloudflare", feature = "wasi"),
        not(any(feature = "cloudflare", feature = "wasi"))
    )
))]
#[macro_export]
macro_rules! export {
    ($app:path) => {
        ::core::compile_error!(
            "a build for WebAssembly is for one vendor: `guru build --on VENDOR` chooses it, and so does one of the features \
             `cloudflare` and `wasi` of the crate `guru`, as in `cargo build --target wasm32-wasip2 --features guru/wasi`"
        );
    };
}

/// The whole of `main.rs`: `guru::main!(my_function::app);`
///
/// A native build serves the function over HTTP; `--help` lists its options. On a WebAssembly target only the library
/// is used, and the program does nothing.
#[cfg(not(target_family = "wasm"))]
#[macro_export]
macro_rules! main {
    ($app:path) => {
        fn main() -> ::std::process::ExitCode {
            $crate::native::main(
                $crate::native::Program {
                    name: env!("CARGO_PKG_NAME"),
                    version: env!("CARGO_PKG_VERSION"),
                    about: env!("CARGO_PKG_DESCRIPTION"),
                },
                || $crate::app::IntoApp::into_app($app),
            )
        }
    };
}

/// The whole of `main.rs`: `guru::main!(my_function::app);`
///
/// A native build serves the function over HTTP; `--help` lists its options. On a WebAssembly target only the library
/// is used, and the program does nothing.
#[cfg(target_family = "wasm")]
#[macro_export]
macro_rules! main {
    ($app:path) => {
        fn main() {
            const _: fn() -> $crate::App = || $crate::app::IntoApp::into_app($app);
        }
    };
}
