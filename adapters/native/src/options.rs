//! The command-line options of the native server.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

use clap::builder::RangedU64ValueParser;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::error::{Error, ErrorKind};
use crate::log::Format;

/// What `--help` and `--version` print about the function.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// The name of the crate.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Its description.
    pub about: &'static str,
}

/// The options of a server.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// The host name or address to listen on.
    pub host: String,
    /// The port; 0 picks a free one.
    pub port: u16,
    /// The format of log records.
    pub log: Format,
    /// The number of worker threads. Each has its own instance of the app.
    pub workers: NonZeroUsize,
    /// The limits on clients and requests.
    pub limits: Limits,
}

/// The limits on clients and requests.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// The size of a request's line and headers in bytes; more is 431.
    pub head: usize,
    /// How many bytes of a body a handler may read whose route has no limit of its own; more is 413. `None` for the app's own
    /// limit.
    pub body: Option<usize>,
    /// The timeout for the head of a request, from its first byte, and for each pause in a body; longer is 408. A
    /// client that reads nothing of its response for this long is cut off.
    pub read: Duration,
    /// How long a connection may stay idle, without a request.
    pub idle: Duration,
    /// The grace period for requests in flight at shutdown.
    pub grace: Duration,
    /// The timeout for a handler; longer is 504. `None` for no timeout; there is none under a debugger either.
    ///
    /// A handler that waits is dropped. One that computes cannot be: its thread continues at the lowest priority, the
    /// connections of that thread are closed, and a new thread takes its place. After 64 of these the process ends.
    pub time: Option<Duration>,
    /// Requests handled at once, by all threads together. Any more wait for a moment, and then get a 503.
    pub requests: usize,
    /// Bytes of all bodies that are being read or handled. A request that exceeds them waits for a moment, and then
    /// gets a 503.
    pub in_flight: usize,
    /// Concurrent requests on one HTTP/2 connection.
    pub streams: u32,
    /// Open connections. Any more get a 503 and are closed.
    pub connections: usize,
}

impl Limits {
    /// Whether one body of this size fits.
    pub(crate) fn check_room(&self, body: usize) -> Result<(), Error> {
        let room = self.in_flight;
        if room >= body {
            return Ok(());
        }
        let message = format!(
            "--in-flight {room} has no room for one body of {body} bytes: raise it, or lower --body-limit"
        );
        Err(Error::new(ErrorKind::App, message))
    }

    /// The limits that the server enforces below HTTP.
    pub(crate) fn of_connections(&self) -> guru_server::Limits {
        let mut limits = guru_server::Limits::default();
        limits.head = self.head;
        limits.read = self.read;
        limits.idle = self.idle;
        limits.streams = self.streams;
        limits.connections = self.connections;
        limits
    }
}

impl Default for Limits {
    fn default() -> Self {
        let of_connections = guru_server::Limits::default();
        Self {
            head: of_connections.head,
            body: None,
            read: of_connections.read,
            idle: of_connections.idle,
            grace: Duration::from_secs(30),
            time: Some(Duration::from_secs(30)),
            requests: 1024,
            in_flight: 256 * 1024 * 1024,
            streams: of_connections.streams,
            connections: of_connections.connections,
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".into(),
            port: 5000,
            log: Format::Auto,
            workers: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            limits: Limits::default(),
        }
    }
}

/// What the program should do.
#[derive(Clone, Debug)]
pub(crate) enum Task {
    /// Print the function's OpenAPI document.
    Document,
    /// Check whether the routes can be served.
    Check,
    /// Apply the migrations of these databases.
    #[cfg(any(feature = "postgres", feature = "sql"))]
    Migrate(Vec<String>),
    /// Serve the function.
    Serve(Options),
}

impl Task {
    /// Parses the command line and `PORT`. Ends the process as [`Options::from_args`] does.
    pub(crate) fn from_args(program: &Program) -> Self {
        let matches = command(program).get_matches();
        if matches.get_flag("openapi") {
            return Self::Document;
        }
        if matches.get_flag("check") {
            return Self::Check;
        }
        #[cfg(any(feature = "postgres", feature = "sql"))]
        if let Some(databases) = matches.get_many("migrate") {
            return Self::Migrate(databases.cloned().collect());
        }
        Self::Serve(Options::from_matches(&matches))
    }
}

const EXAMPLES: &str = "\
Examples:
  Serve on http://127.0.0.1:5000, for this machine only
    $ {name}
  Serve for others too, on port 8080, logging JSON
    $ {name} --host 0.0.0.0 --port 8080 --log json
  Let the system pick a free port; it is printed as `listening on http://127.0.0.1:PORT`
    $ {name} --port 0
  Print the OpenAPI document, and serve nothing
    $ {name} --openapi

Stops on SIGINT (Ctrl-C) and SIGTERM, once requests in flight are answered; a second signal does \
not wait. Exits with 0 after a clean stop, 1 when it cannot serve, 2 for a wrong option.";

impl Options {
    /// Parses the command line and `PORT`. Ends the process for `--help`, `--version` and invalid arguments.
    #[must_use]
    pub fn from_args(program: &Program) -> Self {
        Self::from_matches(&command(program).get_matches())
    }

    fn from_matches(matches: &ArgMatches) -> Self {
        let default = Self::default();
        let seconds = |name| matches.get_one(name).copied().map(Duration::from_secs);
        let count = |name| {
            let count: Option<u64> = matches.get_one(name).copied();
            count.map(|count| usize::try_from(count).unwrap_or(usize::MAX))
        };
        Self {
            host: matches.get_one("host").cloned().unwrap_or(default.host),
            port: matches.get_one("port").copied().unwrap_or(default.port),
            log: matches.get_one("log").copied().unwrap_or(default.log),
            workers: matches
                .get_one("workers")
                .copied()
                .unwrap_or(default.workers),
            limits: Limits {
                head: count("head-limit").unwrap_or(default.limits.head),
                body: count("body-limit"),
                read: seconds("read-timeout").unwrap_or(default.limits.read),
                idle: seconds("idle-timeout").unwrap_or(default.limits.idle),
                grace: seconds("grace").unwrap_or(default.limits.grace),
                time: match seconds("time") {
                    Some(time) => (!time.is_zero()).then_some(time),
                    None => default.limits.time,
                },
                requests: count("requests").unwrap_or(default.limits.requests),
                in_flight: count("in-flight").unwrap_or(default.limits.in_flight),
                streams: matches
                    .get_one("streams")
                    .copied()
                    .unwrap_or(default.limits.streams),
                connections: count("connections").unwrap_or(default.limits.connections),
            },
        }
    }
}

fn command(program: &Program) -> Command {
    let command = serving(program);
    #[cfg(any(feature = "postgres", feature = "sql"))]
    let command = command.arg(
        Arg::new("migrate")
            .long("migrate")
            .value_name("DATABASE")
            .value_delimiter(',')
            .help("Serve nothing; apply the migrations of these databases that were not yet, and print which"),
    );
    command
}

fn serving(program: &Program) -> Command {
    let option = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help)
    };
    let seconds = || RangedU64ValueParser::<u64>::new().range(1..=86_400);
    let counts = |most| RangedU64ValueParser::<u64>::new().range(1..=most);
    Command::new(program.name)
        .version(program.version)
        .about(program.about)
        .after_help(EXAMPLES.replace("{name}", program.name))
        .arg(option("host", "HOST", "Name or address to listen on [default: 127.0.0.1]"))
        .arg(
            option("port", "PORT", "Port to listen on; 0 picks a free one [default: 5000]")
                .short('p')
                .env("PORT")
                .value_parser(value_parser!(u16)),
        )
        .arg(
            option("log", "FORMAT", "Log lines on standard error [default: text on a terminal, else json]")
                .value_parser(value_parser!(Format)),
        )
        .arg(
            option("workers", "N", "Threads that serve, each with its own instance [default: one a core]")
                .value_parser(value_parser!(NonZeroUsize)),
        )
        .arg(
            // The minimum for hyper's parser, and the maximum length of a header buffer.
            option("head-limit", "BYTES", "Size of a request's line and headers; more is 431 [default: 65536]")
                .value_parser(RangedU64ValueParser::<u64>::new().range(8192..=u64::from(u32::MAX))),
        )
        .arg(
            option("body-limit", "BYTES", "What a handler may read of a body, unless its route has a limit of its own; more is 413 [default: the app's, 6291456]")
                .value_parser(value_parser!(u64)),
        )
        .arg(
            option("read-timeout", "SECONDS", "Time for a request's head, and between pieces of a body; longer is 408 [default: 30]")
                .value_parser(seconds()),
        )
        .arg(
            option("idle-timeout", "SECONDS", "Time a connection stays open between requests [default: 75]")
                .value_parser(seconds()),
        )
        .arg(
            option("grace", "SECONDS", "Time for requests in flight once told to stop [default: 30]")
                .value_parser(seconds()),
        )
        .arg(
            option("time", "SECONDS", "Time that a handler may take, 0 for any; longer is 504 [default: 30]")
                .value_parser(RangedU64ValueParser::<u64>::new().range(0..=86_400)),
        )
        .arg(
            option("requests", "N", "Requests that are handled at once; more wait, and are then 503 [default: 1024]")
                .value_parser(counts(1_000_000)),
        )
        .arg(
            option("in-flight", "BYTES", "Bytes of all bodies that are read or handled; more wait, and are then 503 [default: 268435456]")
                .value_parser(RangedU64ValueParser::<u64>::new().range(65_536..=1 << 40)),
        )
        .arg(
            option("connections", "N", "Open connections; more are 503 [default: 16384, or what the system allows]")
                .value_parser(counts(1_000_000)),
        )
        .arg(
            option("streams", "N", "Requests at once on a connection of HTTP/2 [default: 100]")
                .value_parser(value_parser!(u32).range(1..=10_000)),
        )
        .arg(
            Arg::new("check")
                .long("check")
                .action(ArgAction::SetTrue)
                .help("Serve nothing; exit with 1 when two routes clash, or one is malformed"),
        )
        .arg(
            Arg::new("openapi")
                .long("openapi")
                .action(ArgAction::SetTrue)
                .help("Print the function's OpenAPI document and end: its own, or else one of its routes"),
        )
}

/// Resolves a host and port to addresses.
pub(crate) fn addresses(host: &str, port: u16) -> std::io::Result<Vec<SocketAddr>> {
    use std::net::ToSocketAddrs;

    let host = host.trim_start_matches('[').trim_end_matches(']');
    (host, port).to_socket_addrs().map(Iterator::collect)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROGRAM: Program = Program {
        name: "hello",
        version: "1.2.3",
        about: "Says hello",
    };

    #[test]
    fn the_command_is_well_formed() {
        command(&PROGRAM).debug_assert();
    }

    #[test]
    fn options_are_read_and_wrong_ones_refused() {
        let read = |args: &[&str]| command(&PROGRAM).try_get_matches_from(args);
        let args = [
            "hello",
            "--port",
            "0",
            "--host",
            "::1",
            "--log",
            "json",
            "--body-limit",
            "10",
        ];
        let options = Options::from_matches(&read(&args).unwrap());
        assert_eq!((options.port, options.limits.body), (0, Some(10)));
        assert_eq!((&*options.host, options.log), ("::1", Format::Json));
        assert_eq!(options.limits.time, Some(Duration::from_secs(30)));
        let unlimited = Options::from_matches(&read(&["hello", "--time", "0"]).unwrap());
        assert_eq!(unlimited.limits.time, None);
        for wrong in [
            ["hello", "--port", "65536"],
            ["hello", "--workers", "0"],
            ["hello", "--head-limit", "1"],
            ["hello", "--log", "xml"],
            ["hello", "--grace", "0"],
            ["hello", "--streams", "0"],
            ["hello", "--requests", "none"],
        ] {
            assert_eq!(read(&wrong).unwrap_err().exit_code(), 2, "{wrong:?}");
        }
    }

    #[test]
    fn hosts_are_names_or_addresses() {
        for host in ["127.0.0.1", "::1", "[::1]", "localhost"] {
            assert!(
                addresses(host, 1)
                    .unwrap()
                    .iter()
                    .all(|address| address.ip().is_loopback())
            );
        }
    }
}
