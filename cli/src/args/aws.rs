//! The options of a deployment to AWS, which become the parameters of template.yaml.

use clap::ValueEnum;

/// Options that only AWS has.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "AWS")]
pub struct Aws {
    /// Where alarms are sent; AWS asks the address to confirm
    #[arg(long, value_name = "ADDRESS", env = "GURU_EMAIL")]
    pub email: Option<String>,
    /// No alarms, and so no address
    #[arg(long)]
    pub no_monitoring: bool,
    /// Requests need an API key, under a usage plan; the OpenAPI document is open to all
    #[arg(long, conflicts_with_all = ["http_api", "function_url"])]
    pub api_key: bool,
    /// An HTTP API in addition to the REST API
    #[arg(long)]
    pub http_api: bool,
    /// A URL of the function itself
    #[arg(long, value_name = "FOR")]
    pub function_url: Option<FunctionUrl>,
    /// Send an answer on as it is made, by the REST API and the URL of the function; an HTTP API collects it
    #[arg(long)]
    pub stream: bool,
    /// The secret of Secrets Manager with the URL of the function's database of PostgreSQL
    #[arg(long, value_name = "SECRET")]
    pub postgres: Option<String>,
    /// Another function that the function calls, by the name that it has for it; its ARN is what `aws lambda get-function` says
    #[arg(long = "function", value_name = "NAME=ARN", value_parser = callee)]
    pub called: Vec<(String, String)>,
    /// The subnets of a VPC that the function is to be in, as for a database that only they reach
    #[arg(long, value_name = "IDS", requires = "security_groups")]
    pub subnets: Option<String>,
    /// The security groups of the function in there
    #[arg(long, value_name = "IDS", requires = "subnets")]
    pub security_groups: Option<String>,
    /// Trace requests with X-Ray
    #[arg(long)]
    pub tracing: bool,
    /// How long log lines are kept, in days [default: 30]
    #[arg(long, value_name = "DAYS")]
    pub log_days: Option<u16>,
    /// The AWS profile, for every call of AWS [default: that of the environment, else samconfig.toml's]
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// The region, for every call of AWS [default: that of the environment, else samconfig.toml's, else the profile's]
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
}

/// A name and the ARN of a function.
fn callee(said: &str) -> Result<(String, String), String> {
    let (name, arn) = said.split_once('=').ok_or("write NAME=ARN")?;
    Ok((name.into(), arn.into()))
}

/// Who may call a function URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FunctionUrl {
    /// Signed requests of those with permission
    Iam,
    /// Anyone
    Public,
}
