//! `guru-host`: compiles a component, and serves one over HTTP.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use clap::{Parser, Subcommand};
use guru_host::{Host, Limits, ListenAddress, Options};

/// On the host's side an instance makes and frees hundreds of small allocations, on whichever thread it runs at the
/// time. With the system's allocator they take a fifteenth of a request.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Hosts the component of a Guru function.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Compile a component to machine code, for this version of `guru-host` on a machine like this
    #[cfg(feature = "compile")]
    Compile {
        /// The component, a `.wasm` file
        component: PathBuf,
        /// The result, a `.cwasm` file
        file: PathBuf,
    },
    /// Serve a compiled component over HTTP
    Serve(Serve),
    /// Make instances of a compiled component, one after the other, and print the nanoseconds that it took: for benchmarks
    #[command(hide = true)]
    Rehearse {
        /// The component, compiled by `guru-host compile`
        file: PathBuf,
        /// How many instances
        count: u32,
    },
}

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  $ guru-host serve probe.cwasm --port 0 --env GREETING=hello
  $ GURU_PORT_LINKS=sqlite:links.sqlite guru-host serve links.cwasm

Stores are kept in GURU_DATA/data.sqlite [default: .guru/data.sqlite], databases and blobs in folders beside it, \
unless a variable GURU_PORT_NAME says where that of this name is. Migrations of a database are in a folder of its \
name in GURU_MIGRATIONS [default: migrations], and applied before its first call. The function itself sees no such \
variable.

Prints `listening on http://ADDRESS`; logs JSON on standard error. Stops on SIGINT (Ctrl-C) and \
SIGTERM, once requests in flight are answered; a second signal does not wait. Exits with 0 after \
that, 1 when it cannot serve, 2 for a wrong option.")]
struct Serve {
    /// The component, compiled by `guru-host compile`
    file: PathBuf,
    /// Name or address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    /// Port to listen on; 0 picks a free one
    #[arg(short, long, env = "PORT", default_value_t = 5000)]
    port: u16,
    /// A variable of the function's environment: KEY=VALUE, or KEY for the value it has here
    #[arg(long, value_name = "KEY[=VALUE]")]
    env: Vec<String>,
    /// A secret of the function, which its environment does not have: KEY=VALUE, or KEY for the value it has here
    #[arg(long, value_name = "KEY[=VALUE]")]
    secret: Vec<String>,
    /// MiB of memory that a request may use
    #[arg(long, value_name = "MIB", default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=4096))]
    memory: u32,
    /// Seconds to the head of an answer, and from there to each piece of it that a client awaits
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    time: u32,
    /// Seconds that a request may take with all of its answer, and what goes on after it; without, as long as a piece of the
    /// answer is there within --time
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    total: Option<u32>,
    /// KiB of stack that a request may use
    #[arg(long, value_name = "KIB", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(64..=65_536))]
    stack: u32,
    /// Requests that are served at once, each by an instance of its own
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    instances: u32,
    /// Requests to other servers that a request may have open at once, until each answer is read or dropped; more wait
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    fetches: u32,
    /// Size of the content of another server's answer; more breaks off. Any size, unless this is there
    #[arg(long, value_name = "BYTES")]
    fetch_limit: Option<usize>,
    /// Size of a request's line and headers; more is 431
    #[arg(long, value_name = "BYTES", default_value_t = 65_536, value_parser = clap::value_parser!(u32).range(8192..))]
    head_limit: u32,
    /// Seconds for a request's head, and between pieces of a body; longer is 408
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    read_timeout: u32,
    /// Seconds that a connection stays open between requests
    #[arg(long, value_name = "SECONDS", default_value_t = 75, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    idle_timeout: u32,
    /// Open connections; more are 503. Fewer, where the system allows fewer
    #[arg(long, value_name = "N", default_value_t = 16_384, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    connections: u32,
    /// Requests at once on a connection of HTTP/2
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    streams: u32,
    /// Seconds for requests in flight once told to stop
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    grace: u32,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        #[cfg(feature = "compile")]
        Command::Compile { component, file } => {
            guru_host::compile(&component, &file).map_err(Into::into)
        }
        Command::Serve(serve) => serve.run(),
        Command::Rehearse { file, count } => rehearse(&file, count),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("guru-host: {error:#}");
            ExitCode::FAILURE
        }
    }
}

impl Serve {
    fn run(self) -> Result<()> {
        let kib = |count: u32| {
            usize::try_from(count)
                .unwrap_or(usize::MAX)
                .saturating_mul(1024)
        };
        let mut options = Options::default();
        options.limits = Limits {
            memory: kib(self.memory).saturating_mul(1024),
            time: Duration::from_secs(self.time.into()),
            total: self.total.map(|total| Duration::from_secs(total.into())),
            stack: kib(self.stack),
            instances: self.instances,
            fetches: self.fetches,
            fetched: self.fetch_limit,
        };
        options.environment = self.env.iter().filter_map(|said| variable(said)).collect();
        #[cfg(feature = "sqlite")]
        {
            let said = options.environment.iter();
            let said = said.map(|(name, value)| (name.into(), value.into()));
            let services = guru_services::Services::at_home(std::env::vars_os().chain(said))?;
            let (databases, blobs, servers) =
                (services.clone(), services.clone(), services.clone());
            let functions = services.clone();
            options.stores = guru_host::Stores::new(move |name| services.open(name))
                .with_databases(move |name| databases.connect(name))
                .with_postgres(move |name| servers.postgres(name))
                .with_blobs(move |name| blobs.blobs(name))
                .with_functions(move |name| functions.function(name));
        }
        let secrets: Vec<_> = self
            .secret
            .iter()
            .filter_map(|said| variable(said))
            .collect();
        options.stores = options.stores.with_secrets(secrets);
        let host = Host::load(&self.file, options)?;
        let mut place = ListenAddress::default();
        (place.host, place.port) = (self.host, self.port);
        place.grace = Duration::from_secs(self.grace.into());
        place.limits.head = usize::try_from(self.head_limit).unwrap_or(usize::MAX);
        place.limits.read = Duration::from_secs(self.read_timeout.into());
        place.limits.idle = Duration::from_secs(self.idle_timeout.into());
        place.limits.streams = self.streams;
        place.limits.connections = usize::try_from(self.connections).unwrap_or(usize::MAX);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .context("the system refused what a server needs")?;
        runtime.block_on(async {
            let stopped = guru_server::stop_signal().context("signals cannot be waited for")?;
            let stopped = async {
                stopped.await;
                guru_server::exit_at_the_next();
            };
            let served = guru_host::serve(host, &place, stopped).await;
            served.map_err(|error| {
                let hint = guru_server::address_hint(&error, place.port);
                anyhow!(
                    "cannot listen on {}:{}: {error}{hint}",
                    place.host,
                    place.port
                )
            })
        })
    }
}

fn rehearse(file: &Path, count: u32) -> Result<()> {
    let host = Host::load(file, Options::default())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the system refused what a runtime needs")?;
    let took = runtime.block_on(async {
        // The first instance finds no memory of an earlier one.
        host.rehearse().await?;
        let began = Instant::now();
        for _ in 0..count {
            host.rehearse().await?;
        }
        Ok::<_, guru_host::Error>(began.elapsed())
    })?;
    println!("{}", took.as_nanos());
    Ok(())
}

/// `KEY=VALUE` as given; `KEY` with its value in this process's environment, if it is set.
fn variable(said: &str) -> Option<(String, String)> {
    match said.split_once('=') {
        Some((key, value)) => Some((key.into(), value.into())),
        None => Some((said.into(), std::env::var(said).ok()?)),
    }
}
