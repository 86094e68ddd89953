//! The options of `guru data`.

use std::path::PathBuf;

use super::Features;
use crate::targets::Target;

/// The options of `guru data`.
#[derive(Debug, clap::Args)]
#[command(after_help = DATA_HELP, subcommand_required = true, arg_required_else_help = true)]
pub struct Data {
    /// What to do with it.
    #[command(subcommand)]
    pub command: DataCommand,
}

/// What is done with data.
#[derive(Debug, clap::Subcommand)]
pub enum DataCommand {
    /// Print the keys, a line each: the store, a tab, the key
    Ls {
        /// Only keys that begin so
        #[arg(long, value_name = "TEXT", default_value = "")]
        prefix: String,
        /// Whose data.
        #[command(flatten)]
        wanted: Wanted,
    },
    /// Write all of it into a new folder
    Export {
        /// The folder, which is made
        folder: PathBuf,
        /// Whose data.
        #[command(flatten)]
        wanted: Wanted,
    },
    /// Write what is in a folder into the stores: keys that are there get the values of the folder, others stay
    Import {
        /// The folder, as an export has made it
        folder: PathBuf,
        /// Whose data.
        #[command(flatten)]
        wanted: Wanted,
    },
}

/// Whose data, and where it is.
#[derive(Debug, clap::Args)]
pub struct Wanted {
    /// The function's package [default: the one of the current folder, else the example]
    #[arg(long, value_name = "FUNCTION")]
    pub function: Option<String>,
    /// Where the data is; on AWS, in DynamoDB and S3
    #[arg(long, value_name = "TARGET", default_value = "local")]
    pub on: Target,
    /// Only these stores; may be repeated [default: all]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub store: Vec<String>,
    /// A setting, as of `guru dev`: KEY=VALUE, or KEY for the value that it has here; may be repeated
    #[arg(long, value_name = "KEY[=VALUE]")]
    pub env: Vec<String>,
    /// The features to build the function with.
    #[command(flatten)]
    pub features: Features,
    /// Arguments for the runtime, after `--`
    #[arg(last = true, value_name = "ARGUMENTS")]
    pub more: Vec<String>,
}

impl DataCommand {
    /// Whose data.
    #[must_use]
    pub const fn wanted(&self) -> &Wanted {
        match self {
            Self::Ls { wanted, .. } | Self::Export { wanted, .. } | Self::Import { wanted, .. } => {
                wanted
            }
        }
    }
}

const DATA_HELP: &str = "\
Key-value stores and blobs, whatever keeps them: a small function that declares the same is
served under the vendor's own runtime, on this machine, while the command runs. A folder has a
file NAME.jsonl for each store, a line of JSON a key, and the content of blobs in files beside
it. Times to live are not kept, and tables of SQL are left to their databases' own tools.

Examples:
  guru data ls
  guru data export backup
  guru data import backup --on cloudflare
  guru data export links --on spin --store links,counts
  GURU_STORES=dynamodb://TABLE GURU_BLOBS=s3://BUCKET guru data export backup --on aws

Exit codes:
  0  done; an export has its name once all of it is there
  1  something could not be built, read or written; the last lines say why
  2  the command line was wrong";
