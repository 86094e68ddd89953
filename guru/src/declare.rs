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
        const _: () = {
            $crate::ports::hosts::check($first);
            $($crate::ports::hosts::check($host);)*
            const LINE: &str = ::core::concat!(
                "{\"name\":\"", ::core::stringify!($name), "\",\"port\":\"fetch\",\"hosts\":[\"", $first, "\"" $(, ",\"", $host, "\"")*, "]}\n"
            );
            #[used]
            #[cfg_attr(target_family = "wasm", unsafe(link_section = "guru.ports"))]
            #[cfg_attr(target_os = "linux", unsafe(link_section = ".guru.ports"))]
            static SECTION: [u8; LINE.len()] = $crate::section(LINE);
        };
        $($crate::ports! { @each $($rest)* })?
    };
    (@each $(#[$meta:meta])* $vis:vis $name:ident: $($other:tt)*) => {
        ::core::compile_error!(::core::concat!(
            "`", ::core::stringify!($name), "` is not a port that there is: write `", ::core::stringify!($name),
            ": Fetch[\"https://api.example.com\"]`"
        ));
    };
    ($($port:tt)*) => {
        $crate::export_ports!();
        $crate::ports! { @each $($port)* }
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
