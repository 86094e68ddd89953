//! The options that are passed on to the vendor. Vendors are named only in options that a single vendor has.

use clap::ValueEnum;

use super::Aws;

/// How a function is served on this machine.
#[derive(Debug, clap::Args)]
pub struct DevOptions {
    /// The port to listen on
    #[arg(short, long, env = "PORT", default_value_t = 5000)]
    pub port: u16,
    /// What stands in front of a Lambda function: rest, http, url, alb or alb-single; rest-stream or url-stream, which pass an
    /// answer on as it comes
    #[arg(long, value_name = "FRONT", default_value = "url", value_parser = ["rest", "rest-stream", "http", "url", "url-stream", "alb", "alb-single"])]
    pub front: String,
    /// A setting of the function: KEY=VALUE, or KEY for the value that it has here; may be repeated. Counts more than a `.env`
    /// file beside the vendors' manifests, which counts more than the vendor's own file
    #[arg(long, value_name = "KEY[=VALUE]")]
    pub env: Vec<String>,
    /// Arguments for the runtime, after `--`
    #[arg(last = true, value_name = "ARGUMENTS")]
    pub more: Vec<String>,
}

/// How a function is deployed.
#[derive(Debug, clap::Args)]
pub struct DeployOptions {
    /// The stage: each is a deployment of its own, NAME-STAGE [default: prod]
    #[arg(long, value_name = "STAGE")]
    pub stage: Option<Stage>,
    /// Show what would run and change; deploy nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Delete the deployment and everything that belongs to it, without asking; the stage must be named
    #[arg(long, requires = "stage")]
    pub delete: bool,
    /// Print the result as JSON on standard output
    #[arg(long)]
    pub json: bool,
    /// Options that only AWS has.
    #[command(flatten)]
    pub aws: Aws,
    /// Arguments for the vendor's own tool, after `--`
    #[arg(last = true, value_name = "ARGUMENTS")]
    pub more: Vec<String>,
}

/// A deployment stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Stage {
    /// For its developers
    Dev,
    /// For its testers
    Staging,
    /// For its users
    Prod,
}

impl Stage {
    /// The name of the stage, as typed on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Staging => "staging",
            Self::Prod => "prod",
        }
    }
}
