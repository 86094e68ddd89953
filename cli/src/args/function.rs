//! The options of the commands that work on a function.

use std::{path::PathBuf, process::Command};

use clap::{
    ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};

use super::options::{DeployOptions, DevOptions};
use crate::targets::Target;

/// The options of `guru new`.
#[derive(Debug, clap::Args)]
#[command(after_help = NEW_HELP)]
pub struct New {
    /// The function's name, and its folder's; or a path that ends in it
    pub name: PathBuf,
    /// The folder of Guru's own sources, in place of the registry, on this machine only [default: the clone that this command was
    /// built from, if it was built from one]
    #[arg(long, value_name = "FOLDER", env = "GURU_SOURCE")]
    pub guru: Option<PathBuf>,
    /// What the function does
    #[arg(long, value_enum, default_value_t)]
    pub template: Template,
}

/// What a new function does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Template {
    /// Answers with a greeting in JSON
    #[default]
    Hello,
    /// Passes requests on to another server, and its answers back
    Proxy,
    /// Sends server-sent events, with a page that shows them
    Stream,
    /// Shortens links, with pictures, a search and the titles of pages: stores, blobs, a table and other servers
    Links,
}

const NEW_HELP: &str = "\
Makes one crate with one dependency (links: three), a handler, a unit test, and the manifest of each vendor.
Inside a cargo workspace it becomes a member of it, unless the workspace excludes its folder.

Examples:
  guru new hello
  cd hello && guru dev
  guru new front --template proxy
  guru new short --template links
  guru new ../elsewhere/hello
  guru new functions/hello

Exit codes:
  0  the folder is there
  1  the name is not one that every vendor takes, something is there already, or the workspace around it would not take
     it; nothing was written
  2  the command line was wrong";

/// The options of `guru build`.
#[derive(Debug, clap::Args)]
#[command(after_help = BUILD_HELP)]
pub struct Build {
    /// The function's package [default: the one of the current folder, else the example]
    pub function: Option<String>,
    /// What to build for [default: every target]
    #[arg(long, value_name = "TARGETS", value_delimiter = ',')]
    pub on: Vec<Target>,
    /// Build with optimisations: smaller and faster, but slower to build. Deployments are always built so
    #[arg(short, long)]
    pub release: bool,
    /// The output folder of a single target [default: dist/TARGET, in a workspace dist/TARGET/FUNCTION]
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// Print what was made as JSON on standard output
    #[arg(long)]
    pub json: bool,
    /// The features to build with.
    #[command(flatten)]
    pub features: Features,
}

/// The function's own features, as cargo has them.
#[derive(Debug, Default, clap::Args)]
pub struct Features {
    /// Features of the function's package, beside its default ones; may be repeated
    #[arg(short = 'F', long, value_name = "FEATURES", value_delimiter = ',')]
    pub features: Vec<String>,
    /// Build without the default features of the function's package
    #[arg(long)]
    pub no_default_features: bool,
}

impl Features {
    /// Passes them on to cargo.
    pub fn tell(&self, cargo: &mut Command) {
        if self.no_default_features {
            cargo.arg("--no-default-features");
        }
        for feature in &self.features {
            cargo.args(["--features", feature]);
        }
    }
}

const BUILD_HELP: &str = "\
Nothing is downloaded but what cargo has not got yet. wrangler.toml and spin.toml run this by themselves.
The same sources, tools and folder give the same bytes. Two builds into one folder wait for each other.

Examples:
  guru build
  guru build --release --on lambda
  guru build --on cloudflare,spin --json | jq '.[] | .sha256'
  guru build probe --on cloudflare --out /tmp/probe

Exit codes:
  0  the result is there
  1  it could not be built; the last lines say why
  2  the command line was wrong";

/// The options of `guru dev`.
#[derive(Debug, clap::Args)]
#[command(after_help = DEV_HELP)]
pub struct Dev {
    /// The function's package [default: the one of the current folder, else the example]
    pub function: Option<String>,
    /// The runtime
    #[arg(long, value_name = "RUNTIME", default_value = "local")]
    pub on: Target,
    /// The options for the vendor.
    #[command(flatten)]
    pub options: DevOptions,
    /// Build with optimisations, as for a deployment
    #[arg(short, long)]
    pub release: bool,
    /// Build and start once, without watching for changes
    #[arg(long)]
    pub no_watch: bool,
    /// The features to build with.
    #[command(flatten)]
    pub features: Features,
}

const DEV_HELP: &str = "\
The runtime itself serves: what it prints is shown, and Ctrl-C ends it. After a change of the function, of a crate beside it
that it is built of, of the vendor's manifest or of `.env`, it is built and started again; while that fails, the last good build
keeps serving. What is built is in dist/.dev, never where a release is deployed from.
With --front rest or http the URL has the stage in it, as on AWS.

Examples:
  guru dev
  guru dev --on wasi --port 8080
  guru dev --on lambda --front http
  guru dev probe --on spin
  guru dev --on cloudflare --env GREETING=hello --env API_TOKEN
  guru dev --on spin -- --max-instance-concurrent-reuse-count 1

Environment:
  WRANGLER_BIN, SPIN_BIN, LAMBDA_RIE_BIN
                       a vendor's program, in place of the one that is found
  GURU_HOST_BIN, GURU_BOOTSTRAP_BIN, GURU_GATEWAY_BIN
                       a program of Guru's, in place of the one that is built

Exit codes:
  0    the runtime ended well by itself
  1    it could not be built or started; the last lines say why
  2    the command line was wrong
  130  stopped by Ctrl-C";

/// The options of `guru deploy`.
#[derive(Debug, clap::Args)]
#[command(after_help = DEPLOY_HELP)]
pub struct Deploy {
    /// The function's package [default: the one of the current folder, else the example]
    pub function: Option<String>,
    /// Where to
    #[arg(long, value_name = "VENDOR", value_parser = deployable())]
    pub on: Target,
    /// The features to build with.
    #[command(flatten)]
    pub features: Features,
    /// The options for the vendor.
    #[command(flatten)]
    pub options: DeployOptions,
}

/// Parses the name of a vendor that functions can be deployed to.
fn deployable() -> impl TypedValueParser<Value = Target> {
    let all = Target::all().iter();
    let values = all
        .filter(|target| target.deployer().is_some())
        .filter_map(|target| Some(target.to_possible_value()?.help(target.deploys_with())));
    PossibleValuesParser::new(values)
        .try_map(|name| Target::named(&name).ok_or("this vendor is not known"))
}

const DEPLOY_HELP: &str = "\
The vendor's own tool does it, with the manifest in the function's folder: wrangler.toml, spin.toml or template.yaml.
At the end: the URL, and a curl line to try it.

Examples:
  guru deploy --on cloudflare --dry-run
  guru deploy --on cloudflare --stage staging
  guru deploy --on aws --email you@example.com
  guru deploy --on aws --stage dev --no-monitoring --api-key
  guru deploy --on aws --stage dev --delete
  guru deploy --on aws --email you@example.com -- --profile work
  guru deploy --on spin -- --help

Environment:
  WRANGLER_BIN, SPIN_BIN, SAM_BIN
                       a vendor's program, in place of the one that is found
  SPIN_DEPLOY_PLUGIN   which of Spin's plugins deploys [default: aka]
  and whatever the vendor's tool reads: AWS_PROFILE, AWS_REGION, CLOUDFLARE_API_TOKEN, ...

Exit codes:
  0  deployed, or deleted, or shown
  1  a tool or a login is missing, or the vendor refused; the last lines say what to do
  2  the command line was wrong";
