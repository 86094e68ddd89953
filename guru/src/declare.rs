//! What a function needs from outside, declared once in code.

/// Declares the ports of a function: what it needs from outside beside its requests.
///
/// Each entry is a name for a port, and makes a function of this name that a handler gives to
/// [`Context::port`](crate::Context::port). Use it once, in the crate of the function, where its names are to be visible: on
/// Cloudflare a second use, as in a library beside it, is an export of the same name, which does not link.
///
/// | port | in brackets |
/// | --- | --- |
/// | [`Fetch`](crate::Fetch): HTTP to other servers | which: scheme, host and, unless it is the scheme's own, port. `*.` stands for any sub-domain, `*` for any host, port or scheme |
/// | [`KeyValue`](crate::KeyValue): values by key, with the feature `key-value` of this crate | |
/// | [`KeyValue + Atomic`](crate::Atomic): values by key, current and with versions, with the same feature | |
/// | [`Sql<Sqlite>`](crate::Sql): tables, in the dialect of SQLite, with the feature `sql` | |
/// | [`Sql<Postgres>`](crate::Sql): tables, in the dialect of PostgreSQL, with the feature `postgres` | |
/// | [`Secret`](crate::Secret): a setting that is not shown, with the feature `secret` | |
/// | [`Invoke`](crate::Invoke): another function, with the feature `invoke` | |
/// | [`Blob`](crate::Blob): content of any size by key, with the feature `blob` | |
///
/// ```
/// use guru::prelude::*;
///
/// guru::ports! {
///     /// Tomorrow's weather.
///     weather: Fetch["https://api.example.com", "http://localhost:*"],
/// }
///
/// async fn tomorrow(cx: Context, _req: Request) -> Result<Response> {
///     Ok(cx.port(weather).get("https://api.example.com/tomorrow").await?)
/// }
/// # guru::export!(app);
/// # pub fn app() -> App { App::new().get("/", tomorrow) }
/// ```
///
/// A port may be there with a feature of the function alone. A target that lacks it gets the function without the feature, where
/// `[package.metadata.guru.needs]` of its Cargo.toml says that the feature needs it:
///
/// ```
/// guru::ports! {
///     /// Pictures, where there are blobs.
///     #[cfg(feature = "pictures")]
///     pictures: Blob,
/// }
/// ```
///
/// ```toml
/// [features]
/// default = ["pictures"]
/// pictures = ["guru/blob"]
///
/// [package.metadata.guru.needs]
/// pictures = ["blob"]
/// ```
///
/// A host that is malformed does not compile:
///
/// ```compile_fail
/// guru::ports! { weather: Fetch["api.example.com"] }
/// ```
///
/// The declaration stands in what is built, in the custom section `guru.ports` of a WebAssembly module and the section
/// `.guru.ports` of an ELF file: a line of JSON for each port, as `{"name":"weather","port":"fetch","hosts":["https://api.example.com"]}`.
#[macro_export]
macro_rules! ports {
    (@each) => {};
    (@each $(#[$meta:meta])* $vis:vis $name:ident: Fetch[$first:literal $(, $host:literal)* $(,)?] $(, $($rest:tt)*)?) => {
        $(#[$meta])*
        $vis fn $name(cx: &$crate::Context) -> $crate::Fetch {
            $crate::Fetch::new(cx, &[$first $(, $host)*], $crate::vendor::fetch)
        }
        $(#[$meta])*
        const _: () = {
            $crate::ports::hosts::check($first);
            $($crate::ports::hosts::check($host);)*
        };
        $crate::ports! {
            @line [$(#[$meta])*] $name, "fetch", ",\"hosts\":[\"", $first, "\"" $(, ",\"", $host, "\"")*, "]"
        }
        $($crate::ports! { @each $($rest)* })?
    };
    (@each $(#[$meta:meta])* $vis:vis $name:ident: KeyValue + Atomic $(, $($rest:tt)*)?) => {
        $crate::store! { $(#[$meta])* $vis $name, Atomic, atomic }
        $crate::ports! { @line [$(#[$meta])*] $name, "key-value", ",\"atomic\":true" }
        $($crate::ports! { @each $($rest)* })?
    };
    (@each $(#[$meta:meta])* $vis:vis $name:ident: KeyValue $(, $($rest:tt)*)?) => {
        $crate::store! { $(#[$meta])* $vis $name, KeyValue, key_value }
        $crate::ports! { @line [$(#[$meta])*] $name, "key-value" }
        $($crate::ports! { @each $($rest)* })?
    };
    (@each $(#[$meta:meta])* $vis:vis $name:ident: Sql<Sqlite> $(, $($rest:tt)*)?) => {
        $crate::sqlite! { $(#[$meta])* $vis $name }
        $crate::ports! { @line [$(#[$meta])*] $name, "sqlite" }
        $($crate::ports! { @each $($rest)* })?
    };
    (@each $(#[$meta:meta])* $vis:vis $name:ident: Sql<Postgres> $(, $($rest:tt)*)?) => {
        $crate::postgres! { $(#[$meta])* $vis $name }
        $crate::ports! { @line [$(#[$meta])*] $name, "postgres" }
        $($crate::ports! { @each $($rest)* })?
    };
    (@each $(#[$meta:meta])* $vis:vis $name:ident: Secret $(, $($rest:tt)*)?) => {
        $crate::secret! { $(#[$meta])* $vis $name }
        $crate::ports! { @line [$(#[$meta])*] $name, "secret" }
        $($crate::ports! { @each $($rest)* })?
    };
    (@each $(#[$meta:meta])* $vis:vis $name:ident: Invoke $(, $($rest:tt)*)?) => {
        $crate::function! { $(#[$meta])* $vis $name }
        $crate::ports! { @line [$(#[$meta])*] $name, "invoke" }
        $($crate::ports! { @each $($rest)* })?
    };
    (@each $(#[$meta:meta])* $vis:vis $name:ident: Blob $(, $($rest:tt)*)?) => {
        $crate::blobs! { $(#[$meta])* $vis $name }
        $crate::ports! { @line [$(#[$meta])*] $name, "blob" }
        $($crate::ports! { @each $($rest)* })?
    };
    (@each $(#[$meta:meta])* $vis:vis $name:ident: $($other:tt)*) => {
        ::core::compile_error!(::core::concat!(
            "`", ::core::stringify!($name), "` is not a port that there is: write `", ::core::stringify!($name),
            ": Fetch[\"https://api.example.com\"]`, `KeyValue`, `KeyValue + Atomic`, `Sql<Sqlite>`, `Sql<Postgres>`, `Blob`, `Invoke` or `Secret`"
        ));
    };
    (@line [$(#[$meta:meta])*] $name:ident, $port:literal $(, $more:literal)*) => {
        $(#[$meta])*
        const _: () = {
            const LINE: &str = ::core::concat!(
                "{\"name\":\"", ::core::stringify!($name), "\",\"port\":\"", $port, "\"" $(, $more)*, "}\n"
            );
            #[used]
            #[cfg_attr(target_family = "wasm", unsafe(link_section = "guru.ports"))]
            #[cfg_attr(target_os = "linux", unsafe(link_section = ".guru.ports"))]
            static SECTION: [u8; LINE.len()] = $crate::section(LINE);
        };
    };
    ($($port:tt)*) => {
        $crate::export_ports!();
        $crate::ports! { @each $($port)* }
    };
}

/// The function of a port that is a store.
#[cfg(feature = "key-value")]
#[doc(hidden)]
#[macro_export]
macro_rules! store {
    ($(#[$meta:meta])* $vis:vis $name:ident, $handle:ident, $open:ident) => {
        $(#[$meta])*
        $vis fn $name(cx: &$crate::Context) -> $crate::$handle {
            $crate::$handle::new(cx, ::core::stringify!($name), $crate::vendor::$open)
        }
    };
}

/// The function of a port that is a store, of which this build has no code.
#[cfg(not(feature = "key-value"))]
#[doc(hidden)]
#[macro_export]
macro_rules! store {
    ($(#[$meta:meta])* $vis:vis $name:ident, $handle:ident, $open:ident) => {
        $(#[$meta])*
        const _: () = ::core::compile_error!(::core::concat!(
            "`", ::core::stringify!($name), "` is a key-value store, for which `guru` needs a feature; in Cargo.toml: guru = { version = \"0.1\", features = [\"key-value\"] }"
        ));
    };
}

/// The function of a port that is a database of SQLite.
#[cfg(feature = "sql")]
#[doc(hidden)]
#[macro_export]
macro_rules! sqlite {
    ($(#[$meta:meta])* $vis:vis $name:ident) => {
        $(#[$meta])*
        $vis fn $name(cx: &$crate::Context) -> $crate::Sql<$crate::Sqlite> {
            $crate::Sql::new(cx, ::core::stringify!($name), $crate::vendor::sqlite)
        }
    };
}

/// The function of a port that is a database of SQLite, of which this build has no code.
#[cfg(not(feature = "sql"))]
#[doc(hidden)]
#[macro_export]
macro_rules! sqlite {
    ($(#[$meta:meta])* $vis:vis $name:ident) => {
        $(#[$meta])*
        const _: () = ::core::compile_error!(::core::concat!(
            "`", ::core::stringify!($name), "` is a database, for which `guru` needs a feature; in Cargo.toml: guru = { version = \"0.1\", features = [\"sql\"] }"
        ));
    };
}

/// The function of a port that is a database of PostgreSQL.
#[cfg(feature = "postgres")]
#[doc(hidden)]
#[macro_export]
macro_rules! postgres {
    ($(#[$meta:meta])* $vis:vis $name:ident) => {
        $(#[$meta])*
        $vis fn $name(cx: &$crate::Context) -> $crate::Sql<$crate::Postgres> {
            $crate::Sql::new(cx, ::core::stringify!($name), $crate::vendor::postgres)
        }
    };
}

/// The function of a port that is a database of PostgreSQL, of which this build has no code.
#[cfg(not(feature = "postgres"))]
#[doc(hidden)]
#[macro_export]
macro_rules! postgres {
    ($(#[$meta:meta])* $vis:vis $name:ident) => {
        $(#[$meta])*
        const _: () = ::core::compile_error!(::core::concat!(
            "`", ::core::stringify!($name), "` is a database, for which `guru` needs a feature; in Cargo.toml: guru = { version = \"0.1\", features = [\"postgres\"] }"
        ));
    };
}

/// The function of a port that is a secret.
#[cfg(feature = "secret")]
#[doc(hidden)]
#[macro_export]
macro_rules! secret {
    ($(#[$meta:meta])* $vis:vis $name:ident) => {
        $(#[$meta])*
        $vis fn $name(cx: &$crate::Context) -> $crate::Secret {
            $crate::Secret::new(cx, ::core::stringify!($name), $crate::vendor::secret)
        }
    };
}

/// The function of a port that is a secret, of which this build has no code.
#[cfg(not(feature = "secret"))]
#[doc(hidden)]
#[macro_export]
macro_rules! secret {
    ($(#[$meta:meta])* $vis:vis $name:ident) => {
        $(#[$meta])*
        const _: () = ::core::compile_error!(::core::concat!(
            "`", ::core::stringify!($name), "` is a secret, for which `guru` needs a feature; in Cargo.toml: guru = { version = \"0.1\", features = [\"secret\"] }"
        ));
    };
}

/// The function of a port that is another function.
#[cfg(feature = "invoke")]
#[doc(hidden)]
#[macro_export]
macro_rules! function {
    ($(#[$meta:meta])* $vis:vis $name:ident) => {
        $(#[$meta])*
        $vis fn $name(cx: &$crate::Context) -> $crate::Invoke {
            $crate::Invoke::new(cx, ::core::stringify!($name), $crate::vendor::invoke)
        }
    };
}

/// The function of a port that is another function, of which this build has no code.
#[cfg(not(feature = "invoke"))]
#[doc(hidden)]
#[macro_export]
macro_rules! function {
    ($(#[$meta:meta])* $vis:vis $name:ident) => {
        $(#[$meta])*
        const _: () = ::core::compile_error!(::core::concat!(
            "`", ::core::stringify!($name), "` is another function, for which `guru` needs a feature; in Cargo.toml: guru = { version = \"0.1\", features = [\"invoke\"] }"
        ));
    };
}

/// The function of a port that keeps blobs.
#[cfg(feature = "blob")]
#[doc(hidden)]
#[macro_export]
macro_rules! blobs {
    ($(#[$meta:meta])* $vis:vis $name:ident) => {
        $(#[$meta])*
        $vis fn $name(cx: &$crate::Context) -> $crate::Blob {
            $crate::Blob::new(cx, ::core::stringify!($name), $crate::vendor::blob)
        }
    };
}

/// The function of a port that keeps blobs, of which this build has no code.
#[cfg(not(feature = "blob"))]
#[doc(hidden)]
#[macro_export]
macro_rules! blobs {
    ($(#[$meta:meta])* $vis:vis $name:ident) => {
        $(#[$meta])*
        const _: () = ::core::compile_error!(::core::concat!(
            "`", ::core::stringify!($name), "` keeps blobs, for which `guru` needs a feature; in Cargo.toml: guru = { version = \"0.1\", features = [\"blob\"] }"
        ));
    };
}

/// The bytes of a line of a declaration.
#[must_use]
pub const fn section<const N: usize>(line: &str) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(line.as_bytes());
    bytes
}

/// What a build for Cloudflare exports beside, for a function that declares ports.
#[cfg(all(target_family = "wasm", feature = "cloudflare", not(feature = "wasi")))]
#[doc(hidden)]
#[macro_export]
macro_rules! export_ports {
    () => {
        $crate::cloudflare::export_ports!();
    };
}

/// What other builds export beside: nothing.
#[cfg(not(all(target_family = "wasm", feature = "cloudflare", not(feature = "wasi"))))]
#[doc(hidden)]
#[macro_export]
macro_rules! export_ports {
    () => {};
}
