//! Deploys to AWS with `sam deploy`, using the stack that template.yaml describes.

mod account;
mod config;
mod kept;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::{NAME, build as package, sam};
use crate::{
    args::{Aws, FunctionUrl},
    artefacts, child,
    declared::Port,
    deployment::{self, Deployed, Deployment, Missing},
};

use account::{Account, SamArguments};

/// The variables from which SAM reads a login (<https://boto3.amazonaws.com/v1/documentation/api/latest/guide/credentials.html>).
const VARIABLES: [&str; 7] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_CONFIG_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];

/// Where `aws configure` stores its settings, below the home folder.
const FILES: [&str; 2] = [".aws/credentials", ".aws/config"];

/// The only region with metrics of charges
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/monitor_estimated_charges_with_cloudwatch.html>).
const CHARGES: &str = "us-east-1";

/// How long log lines are kept by default.
const LOG_DAYS: u16 = 30;

pub(super) fn deploy(deployment: &Deployment<'_>) -> Result<Option<Deployed>> {
    let options = deployment.options;
    let passed = SamArguments::read(&options.more)?;
    let template = deployment.manifest("template.yaml");
    // SAM reads its settings file beside the template.
    let place = template.as_deref().ok().and_then(Path::parent);
    let account = Account::find(&passed, &options.aws, place);
    eprintln!("AWS: {account}");
    let has_login = account.has_profile() || login().is_some();

    let mut missing = Missing::default();
    let sam = missing.note(sam(deployment.context.home).context(
        "the SAM command line is not installed: `guru setup --on lambda` gets it, or name one in SAM_BIN",
    ));
    let template = missing.note(template);
    missing.note(account.check());
    if !options.dry_run && !has_login {
        missing.add(
            "nobody is logged in to AWS here: `aws configure sso` or `aws configure`, or set AWS_PROFILE",
        );
    }
    let region = missing.note(account.region());
    // Deleting takes no parameters.
    let parameters = if options.delete {
        Some(Vec::new())
    } else {
        missing.note(parameters(&options.aws, deployment.stage(), region))
    };
    missing.end()?;
    let (Some(sam), Some(template), Some(parameters)) = (sam, template, parameters) else {
        bail!("something is missing that was not said");
    };
    let call = Call {
        sam,
        stack: passed.stack.as_deref().unwrap_or(&deployment.name),
        account: &account,
        passed: &passed,
    };
    if options.delete {
        deployment.run(call.of(&["delete", "--no-prompts"]).args(&passed.rest))?;
        return Ok(None);
    }
    // Stays locked until it is deployed, so that SAM packs this very release.
    let (_output, ports) = build(deployment)?;
    let kept = kept::kept(&fs::read_to_string(&template)?, &ports, &options.aws)
        .with_context(|| template.display().to_string())?;
    let mut command = call.of(&["deploy"]);
    command
        .arg("--template-file")
        .arg(template)
        .args(["--resolve-s3", "--capabilities", "CAPABILITY_IAM"])
        .args([
            "--no-fail-on-empty-changeset",
            "--no-confirm-changeset",
            "--no-progressbar",
        ])
        .arg("--parameter-overrides")
        .args(parameters)
        .args(kept)
        .args(&passed.rest);
    if options.dry_run {
        show(deployment, command, has_login)?;
        return Ok(None);
    }
    deployment.run(&mut command)?;
    let mut outputs = call.of(&["list", "stack-outputs", "--output", "json"]);
    // The deployment has succeeded, even if reading its outputs fails.
    let outputs = child::output(outputs.current_dir(&deployment.place));
    let outputs = outputs.and_then(|said| Ok(serde_json::from_str(&said)?));
    let outputs: Value = outputs.unwrap_or_else(|error: anyhow::Error| {
        eprintln!("where it answers is not known: {error:#}");
        Value::Null
    });
    Ok(answers(&outputs, &account))
}

/// The common arguments of every SAM call: the same stack, account, region and settings.
struct Call<'a> {
    sam: PathBuf,
    stack: &'a str,
    account: &'a Account,
    passed: &'a SamArguments,
}

impl Call<'_> {
    fn of(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.sam);
        command
            .args(words)
            .args(["--stack-name", self.stack])
            .args(self.account.options())
            .args(self.passed.settings())
            .env("SAM_CLI_TELEMETRY", "0");
        command
    }
}

/// Builds the deployment package. The folder stays locked until the returned value is dropped.
/// With it comes what the function declares.
fn build(deployment: &Deployment<'_>) -> Result<(artefacts::Output, Vec<Port>)> {
    let context = &deployment.context;
    let folder = artefacts::dist(context.workspace, NAME, context.function);
    let output = context.hold(&folder)?;
    let mut declared = Vec::new();
    context.fill(&output, |draft| {
        let (made, ports) = package::built(context, draft)?;
        declared = ports;
        Ok(made)
    })?;
    // SAM names an API deployment after a hash of its document, so the document must differ with what these decide.
    package::decide(&folder, &deployment.options.aws)?;
    Ok((output, declared))
}

/// Prints what would run; with a login, AWS also reports what would change.
fn show(deployment: &Deployment<'_>, mut command: Command, has_login: bool) -> Result<()> {
    deployment.run(&mut command)?;
    if has_login {
        // The change set is AWS's own account of the changes; it is not executed.
        deployment.run_anyway(command.arg("--no-execute-changeset"))?;
    } else {
        eprintln!(
            "What it would change, AWS says only to whoever is logged in: `aws configure`, or AWS_PROFILE"
        );
    }
    Ok(())
}

/// Reads where the function can be reached from the stack's outputs.
fn answers(outputs: &Value, account: &Account) -> Option<Deployed> {
    let of = |name: &str| {
        let mut all = outputs.as_array()?.iter();
        let output = all.find(|output| output["OutputKey"] == name)?;
        Some(output["OutputValue"].as_str()?.to_owned())
    };
    let key = of("ApiKey").map(|id| {
        format!(
            "\"x-api-key: $(aws apigateway get-api-key {} --include-value --query value --output text --api-key {id})\"",
            shell_words::join(account.options())
        )
    });
    Some(Deployed {
        url: of("RestApi")?,
        header: key,
    })
}

/// Every parameter of template.yaml: an omitted one would keep its value from the previous deployment.
fn parameters(aws: &Aws, stage: &str, region: Option<&str>) -> Result<Vec<String>> {
    let word = |is_so: bool| if is_so { "yes" } else { "no" };
    let mut parameters = vec![format!("Stage={stage}")];
    match &aws.email {
        Some(email) if !is_address(email) => {
            bail!("`{email}` is not an e-mail address: alarms could not be sent there")
        }
        Some(email) => parameters.push(format!("Email={email}")),
        None if aws.no_monitoring => {}
        None => bail!(
            "where alarms are sent is not said: add --email you@example.com, or leave them out with --no-monitoring"
        ),
    }
    let has_charges = region == Some(CHARGES);
    if !aws.no_monitoring && region.is_some() && !has_charges {
        eprintln!("No alarm for charges: AWS counts them in {CHARGES} only.");
    }
    let url = match aws.function_url {
        Some(FunctionUrl::Iam) => "iam",
        Some(FunctionUrl::Public) => "public",
        None => "no",
    };
    let architecture = if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "x86_64"
    };
    let days = aws.log_days.unwrap_or(LOG_DAYS).to_string();
    let rest = [
        ("Monitoring", word(!aws.no_monitoring)),
        ("Charges", word(has_charges)),
        ("ApiKey", word(aws.api_key)),
        ("HttpApi", word(aws.http_api)),
        ("FunctionUrl", url),
        ("Streaming", word(aws.stream)),
        ("Tracing", word(aws.tracing)),
        ("LogDays", &days),
        ("Architecture", architecture),
    ];
    parameters.extend(rest.map(|(name, value)| format!("{name}={value}")));
    Ok(parameters)
}

/// Whether SAM's command line and AWS accept the address. Whether it exists, only a mail server knows.
fn is_address(email: &str) -> bool {
    let parts = email.split_once('@');
    parts.is_some_and(|(user, host)| !user.is_empty() && host.contains('.'))
        && !email.contains(|char: char| char.is_whitespace() || "'\"\\,".contains(char))
}

/// Looks for a login without trying it.
pub(super) fn login() -> Option<String> {
    deployment::credentials(&VARIABLES, None, &FILES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_becomes_parameters() {
        let aws = Aws {
            email: Some("you@example.com".into()),
            api_key: true,
            stream: true,
            log_days: Some(7),
            ..Aws::default()
        };
        let all = parameters(&aws, "dev", Some("us-east-1")).unwrap();
        for want in [
            "Stage=dev",
            "Email=you@example.com",
            "ApiKey=yes",
            "LogDays=7",
            "Charges=yes",
            "FunctionUrl=no",
            "Streaming=yes",
        ] {
            assert!(all.contains(&want.to_owned()), "{want} in {all:?}");
        }
        let elsewhere = parameters(&aws, "dev", Some("eu-west-1")).unwrap();
        assert!(elsewhere.contains(&"Charges=no".to_owned()));
    }

    #[test]
    fn alarms_need_an_address_or_are_left_out() {
        let refused = parameters(&Aws::default(), "prod", Some("us-east-1")).unwrap_err();
        assert!(refused.to_string().contains("--no-monitoring"), "{refused}");
        for bad in [
            "",
            "you",
            "you@",
            "@example.com",
            "a b@example.com",
            "a@b.c,Stage=dev",
        ] {
            let aws = Aws {
                email: Some(bad.into()),
                ..Aws::default()
            };
            assert!(
                parameters(&aws, "prod", Some("us-east-1")).is_err(),
                "{bad}"
            );
        }
        let aws = Aws {
            no_monitoring: true,
            ..Aws::default()
        };
        assert!(
            parameters(&aws, "prod", Some("us-east-1"))
                .unwrap()
                .contains(&"Monitoring=no".to_owned())
        );
    }

    #[test]
    fn the_key_comes_with_the_url() {
        let outputs = serde_json::json!([
            {"OutputKey": "RestApi", "OutputValue": "https://x/prod/"},
            {"OutputKey": "ApiKey", "OutputValue": "id"},
        ]);
        let passed = ["--profile", "my name", "--region=eu-west-1"].map(str::to_owned);
        let passed = SamArguments::read(&passed).unwrap();
        let account = Account::find(&passed, &Aws::default(), None);
        let answers = answers(&outputs, &account).unwrap();
        assert_eq!(answers.url, "https://x/prod/");
        let header = answers.header.unwrap();
        assert!(header.contains("--api-key id"), "{header}");
        assert!(
            header.contains("--profile 'my name' --region eu-west-1"),
            "{header}"
        );
    }
}
