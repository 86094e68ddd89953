//! AWS: `sam deploy`, with the stack that template.yaml describes. Knows SAM's words and the template's parameters, not what the
//! template makes of them.

use std::{env, path::PathBuf, process::Command};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::{Answers, Deployment};
use crate::{
    args::{Aws, FunctionUrl, Target},
    build, child,
    home::Home,
    setup::python,
    tool,
};

/// What SAM reads a login from
/// (<https://boto3.amazonaws.com/v1/documentation/api/latest/guide/credentials.html>).
const VARIABLES: [&str; 7] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_CONFIG_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];

/// Where `aws configure` leaves it, below the home folder.
const FILES: [&str; 2] = [".aws/credentials", ".aws/config"];

/// The one region that counts charges
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/monitor_estimated_charges_with_cloudwatch.html>).
const CHARGES: &str = "us-east-1";

/// How long log lines are kept unless it is said.
const LOG_DAYS: u16 = 30;

pub(super) fn deploy(deployment: &Deployment<'_>) -> Result<Option<Answers>> {
    let options = deployment.options;
    let sam = sam(deployment.scene.home).context(
        "the SAM command line is not installed: `guru setup` gets it, or name one in SAM_BIN",
    )?;
    let template = deployment.manifest("template.yaml")?;
    let is_named = options
        .more
        .iter()
        .any(|word| word.starts_with("--profile"));
    let has_login = is_named || login().is_some();
    if !options.dry_run && !has_login {
        bail!(
            "nobody is logged in to AWS here: `aws configure sso` or `aws configure`, or set AWS_PROFILE"
        );
    }
    let Some(region) = region(&options.aws) else {
        bail!("which region is not said: add --region us-east-1, or set AWS_REGION");
    };
    let call = |words: &[&str]| {
        let mut command = Command::new(&sam);
        command
            .args(words)
            .args(["--stack-name", &deployment.name, "--region", &region])
            .env("SAM_CLI_TELEMETRY", "0");
        command
    };
    if options.delete {
        deployment.run(call(&["delete", "--no-prompts"]).args(&options.more))?;
        return Ok(None);
    }
    let parameters = parameters(&options.aws, deployment.stage(), &region)?;
    let folder = build::dist(
        deployment.scene.workspace,
        Target::Lambda,
        deployment.scene.function,
    );
    // Until it is deployed: what is packed there must be this release.
    let output = deployment.scene.hold(&folder)?;
    deployment.scene.fill(Target::Lambda, &output)?;
    // What a deployment of the API is, SAM knows by its document: one with keys must be another than one without.
    build::decide_keys(&folder, options.aws.api_key)?;
    let mut command = call(&["deploy"]);
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
        .args(&options.more);
    if options.dry_run {
        deployment.run(&mut command)?;
        if has_login {
            // A change set is AWS's own word on what would change; it is not executed.
            deployment.run_anyway(command.arg("--no-execute-changeset"))?;
        } else {
            eprintln!(
                "What it would change, AWS says only to whoever is logged in: `aws configure`, or AWS_PROFILE"
            );
        }
        return Ok(None);
    }
    deployment.run(&mut command)?;
    let mut outputs = call(&["list", "stack-outputs", "--output", "json"]);
    // It is deployed, whatever becomes of this.
    let outputs = child::output(outputs.current_dir(&deployment.place));
    let outputs = outputs.and_then(|said| Ok(serde_json::from_str(&said)?));
    let outputs: Value = outputs.unwrap_or_else(|error: anyhow::Error| {
        eprintln!("where it answers is not known: {error:#}");
        Value::Null
    });
    Ok(answers(&outputs, &region))
}

/// Where it answers, of what the template puts out.
fn answers(outputs: &Value, region: &str) -> Option<Answers> {
    let of = |name: &str| {
        let mut all = outputs.as_array()?.iter();
        let output = all.find(|output| output["OutputKey"] == name)?;
        Some(output["OutputValue"].as_str()?.to_owned())
    };
    let key = of("ApiKey").map(|id| {
        format!(
            "\"x-api-key: $(aws apigateway get-api-key --region {region} --include-value --query value --output text --api-key {id})\""
        )
    });
    Some(Answers {
        url: of("RestApi")?,
        header: key,
    })
}

/// The parameters of template.yaml, each of them: one that is not named keeps the value of the deployment before.
fn parameters(aws: &Aws, stage: &str, region: &str) -> Result<Vec<String>> {
    let word = |is_so: bool| if is_so { "yes" } else { "no" };
    let mut parameters = vec![format!("Stage={stage}")];
    match &aws.email {
        Some(email) if !is_address(email) => {
            bail!("`{email}` is no e-mail address: alarms could not be sent there")
        }
        Some(email) => parameters.push(format!("Email={email}")),
        None if aws.no_monitoring => {}
        None => bail!(
            "where alarms are sent is not said: add --email you@example.com, or leave them out with --no-monitoring"
        ),
    }
    if !aws.no_monitoring && region != CHARGES {
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
        ("Charges", word(region == CHARGES)),
        ("ApiKey", word(aws.api_key)),
        ("HttpApi", word(aws.http_api)),
        ("FunctionUrl", url),
        ("Tracing", word(aws.tracing)),
        ("LogDays", &days),
        ("Architecture", architecture),
    ];
    parameters.extend(rest.map(|(name, value)| format!("{name}={value}")));
    Ok(parameters)
}

/// Whether SAM's command line and AWS may take it: the rest is for whoever delivers mail to say.
fn is_address(email: &str) -> bool {
    let parts = email.split_once('@');
    parts.is_some_and(|(user, host)| !user.is_empty() && host.contains('.'))
        && !email.contains(|char: char| char.is_whitespace() || "'\"\\,".contains(char))
}

fn region(aws: &Aws) -> Option<String> {
    let set = |name| env::var(name).ok().filter(|value| !value.is_empty());
    let named = aws
        .region
        .clone()
        .or_else(|| set("AWS_REGION"))
        .or_else(|| set("AWS_DEFAULT_REGION"));
    named.or_else(|| {
        let path = set("AWS_CONFIG_FILE").map(PathBuf::from);
        let path = path.or_else(|| Some(env::home_dir()?.join(".aws/config")))?;
        let text = std::fs::read_to_string(path).ok()?;
        of_profile(
            &text,
            &set("AWS_PROFILE").unwrap_or_else(|| "default".to_owned()),
        )
    })
}

/// The region of a profile, in AWS's format of settings.
fn of_profile(text: &str, profile: &str) -> Option<String> {
    let names = [format!("[{profile}]"), format!("[profile {profile}]")];
    let mut lines = text
        .lines()
        .map(str::trim)
        .skip_while(|line| !names.iter().any(|name| name == line));
    lines.next()?;
    let mut own = lines.take_while(|line| !line.starts_with('['));
    own.find_map(|line| {
        let (name, value) = line.split_once('=')?;
        (name.trim() == "region").then(|| value.trim().to_owned())
    })
}

/// The SAM command line.
pub(crate) fn sam(home: &Home) -> Option<PathBuf> {
    tool::find("SAM_BIN", || {
        let own = python::SAM.program(home, "sam");
        which::which("sam")
            .ok()
            .or_else(|| own.is_file().then_some(own))
    })
}

/// Where a login is, if there is one; it is looked for, not tried.
pub(crate) fn login() -> Option<String> {
    let of_variable = VARIABLES
        .into_iter()
        .find(|name| env::var_os(name).is_some_and(|value| !value.is_empty()));
    if let Some(name) = of_variable {
        return Some(name.to_owned());
    }
    let home = env::home_dir()?;
    let mut paths = FILES.into_iter().map(|file| home.join(file));
    let path = paths.find(|path| path.is_file())?;
    Some(path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_becomes_parameters() {
        let aws = Aws {
            email: Some("you@example.com".into()),
            api_key: true,
            log_days: Some(7),
            ..Aws::default()
        };
        let all = parameters(&aws, "dev", "us-east-1").unwrap();
        for want in [
            "Stage=dev",
            "Email=you@example.com",
            "ApiKey=yes",
            "LogDays=7",
            "Charges=yes",
            "FunctionUrl=no",
        ] {
            assert!(all.contains(&want.to_owned()), "{want} in {all:?}");
        }
        let elsewhere = parameters(&aws, "dev", "eu-west-1").unwrap();
        assert!(elsewhere.contains(&"Charges=no".to_owned()));
    }

    #[test]
    fn alarms_need_an_address_or_are_left_out() {
        let refused = parameters(&Aws::default(), "prod", "us-east-1").unwrap_err();
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
            assert!(parameters(&aws, "prod", "us-east-1").is_err(), "{bad}");
        }
        let aws = Aws {
            no_monitoring: true,
            ..Aws::default()
        };
        assert!(
            parameters(&aws, "prod", "us-east-1")
                .unwrap()
                .contains(&"Monitoring=no".to_owned())
        );
    }

    #[test]
    fn a_region_is_of_its_own_profile() {
        let text =
            "[default]\noutput = json\n[profile me]\nregion = eu-west-1\n[other]\nregion=x\n";
        assert_eq!(of_profile(text, "me").as_deref(), Some("eu-west-1"));
        assert_eq!(of_profile(text, "default"), None);
        assert_eq!(of_profile(text, "nobody"), None);
    }

    #[test]
    fn the_key_comes_with_the_url() {
        let outputs = serde_json::json!([
            {"OutputKey": "RestApi", "OutputValue": "https://x/prod/"},
            {"OutputKey": "ApiKey", "OutputValue": "id"},
        ]);
        let answers = answers(&outputs, "us-east-1").unwrap();
        assert_eq!(answers.url, "https://x/prod/");
        assert!(answers.header.unwrap().contains("--api-key id"));
    }
}
