//! An emulated AWS account: queried with AWS's own command line, deployed to with `guru deploy`, called with curl. Everything is
//! recorded for the report.

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value answers null for a name that it has not; it never panics"
)]

use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use guru_cli::targets::lambda::sam;

use super::ministack::Ministack;
use crate::{
    cargo::QUICK, child, console::mark, guru, home::Home, setup::AWS, workspace::Workspace,
};

/// The only region with metrics of charges.
const REGION: &str = "us-east-1";

/// An account with one function in it, in its stages.
pub(super) struct Account<'a> {
    home: &'a Home,
    url: String,
    function: &'a str,
    /// The findings: a name and a description each.
    items: Vec<(String, String)>,
    /// The commands that produced them.
    calls: Vec<String>,
}

/// A change of a resource in a stack.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) kind: String,
    pub(super) status: String,
}

/// An HTTP response.
#[derive(Debug)]
pub(super) struct HttpResponse {
    pub(super) status: u16,
    pub(super) body: String,
}

impl<'a> Account<'a> {
    pub(super) fn new(home: &'a Home, aws: &Ministack, function: &'a str) -> Self {
        Self {
            home,
            url: aws.url(),
            function,
            items: Vec::new(),
            calls: Vec::new(),
        }
    }

    /// The stack of a stage.
    pub(super) fn stack(&self, stage: &str) -> String {
        format!("{}-{stage}", neutral(self.function))
    }

    /// Records a finding.
    pub(super) fn found(&mut self, what: impl Into<String>, how: impl Into<String>) {
        self.items.push((what.into(), how.into()));
    }

    /// Records a command.
    pub(super) fn note(&mut self, call: &str) {
        self.calls.push(call.to_owned());
    }

    /// Runs AWS's command line and parses its output.
    pub(super) fn ask(&mut self, words: &[&str]) -> Result<Value> {
        let mut command = self.here(Command::new(AWS.program(self.home, "aws")));
        command.args(words).args(["--output", "json"]);
        self.note(&format!("aws {}", words.join(" ")));
        let said = child::output(&mut command)?;
        if said.trim().is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&said)
            .with_context(|| format!("what `aws {}` says is no JSON", words.join(" ")))
    }

    /// What AWS has configured of a function.
    pub(super) fn configuration(&mut self, function: &str) -> Result<Value> {
        self.ask(&[
            "lambda",
            "get-function-configuration",
            "--function-name",
            function,
        ])
    }

    /// The string at `pointer`, which must be present.
    pub(super) fn text(&mut self, words: &[&str], pointer: &str) -> Result<String> {
        let said = self.ask(words)?;
        let text = said.pointer(pointer).and_then(Value::as_str);
        text.map(str::to_owned)
            .with_context(|| format!("`aws {}` has no {pointer}: {said}", words.join(" ")))
    }

    /// Deploys a stage as a user does.
    pub(super) fn deploy(&mut self, stage: &str, more: &[&str]) -> Result<()> {
        let words = ["deploy", self.function, "--on", "aws", "--stage", stage];
        self.guru(stage, &[&words, more].concat())
    }

    /// Deletes a stage as a user does.
    pub(super) fn delete(&mut self, stage: &str) -> Result<()> {
        let words = ["deploy", self.function, "--on", "aws", "--stage", stage];
        self.guru(stage, &[&words[..], &["--delete"]].concat())
    }

    fn guru(&mut self, stage: &str, words: &[&str]) -> Result<()> {
        let own = guru::program(&Workspace::find()?)?;
        let stack = self.stack(stage);
        let mut words = words.to_vec();
        if neutral(self.function) != self.function {
            words.extend(["--", "--stack-name", &stack]);
        }
        let mut command = self.here(Command::new(own));
        command.env(QUICK, "1");
        command.args(&words);
        let spelt = format!("guru {}", words.join(" "));
        eprintln!("$ {spelt}");
        self.note(&spelt);
        child::output(&mut command).map(drop)
    }

    /// SAM's command line, pointed at this account.
    pub(super) fn sam(&self, words: &[&str]) -> Command {
        let sam = sam(self.home).unwrap_or_else(|| "sam".into());
        let mut command = self.here(Command::new(sam));
        command.args(words);
        command
    }

    /// Points a command at this account instead of AWS.
    fn here(&self, mut command: Command) -> Command {
        for name in [
            "AWS_PROFILE",
            "AWS_DEFAULT_PROFILE",
            "AWS_SESSION_TOKEN",
            "AWS_CONFIG_FILE",
            "AWS_SHARED_CREDENTIALS_FILE",
        ] {
            command.env_remove(name);
        }
        command
            .env("AWS_ENDPOINT_URL", &self.url)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_REGION", REGION)
            .env("AWS_DEFAULT_REGION", REGION)
            .env("AWS_PAGER", "")
            .env("SAM_CLI_TELEMETRY", "0");
        command
    }

    /// The events of a stage's stack, newest first.
    pub(super) fn events(&mut self, stage: &str) -> Result<Vec<Event>> {
        let stack = self.stack(stage);
        let said = self.ask(&[
            "cloudformation",
            "describe-stack-events",
            "--stack-name",
            &stack,
        ])?;
        let text = |event: &Value, name: &str| event[name].as_str().unwrap_or_default().to_owned();
        let events = said["StackEvents"].as_array().into_iter().flatten();
        Ok(events
            .map(|event| Event {
                kind: text(event, "ResourceType"),
                status: text(event, "ResourceStatus"),
            })
            .collect())
    }

    /// Sends a request with curl, to the host name that AWS would use, by which the account routes it.
    pub(super) fn curl(
        &mut self,
        method: &str,
        host: &str,
        path: &str,
        header: Option<&str>,
    ) -> Result<HttpResponse> {
        let mut command = self.curl_command(method, host, header);
        command
            .args(["-w", "\n%{http_code}"])
            .arg(format!("{}{path}", self.url));
        self.note(&format!(
            "curl -X {method} https://{host}{path}{}",
            header
                .map(|header| format!(" -H '{header}'"))
                .unwrap_or_default()
        ));
        let said = child::output(&mut command)?;
        let (body, status) = said.rsplit_once('\n').context("curl told no status")?;
        Ok(HttpResponse {
            status: status.trim().parse().context("curl told no status")?,
            body: body.to_owned(),
        })
    }

    /// The statuses of many requests, with 32 in flight at a time.
    pub(super) fn flood(
        &mut self,
        method: &str,
        host: &str,
        path: &str,
        header: &str,
        count: u32,
    ) -> Result<Vec<u16>> {
        let mut command = self.curl_command(method, host, Some(header));
        command
            .args([
                "-Z",
                "--parallel-max",
                "32",
                "-o",
                "/dev/null",
                "-w",
                "%{http_code}\n",
            ])
            .arg(format!("{}{path}?request=[1-{count}]", self.url));
        self.note(&format!(
            "curl -Z -X {method} https://{host}{path}?request=[1-{count}] -H '{header}'"
        ));
        let said = child::output(&mut command)?;
        Ok(said
            .lines()
            .filter_map(|line| line.trim().parse().ok())
            .collect())
    }

    fn curl_command(&self, method: &str, host: &str, header: Option<&str>) -> Command {
        let mut command = Command::new("curl");
        // The port is the account's; the part before it is AWS's own host name.
        let host = host.replace(&format!("{REGION}.amazonaws.com"), "localhost");
        command
            .args(["-sS", "--max-time", "60", "-X", method, "-H"])
            .arg(format!("Host: {host}"));
        if let Some(header) = header {
            command.args(["-H", header]);
        }
        command
    }

    /// An output of a stage's stack.
    pub(super) fn output(&mut self, stage: &str, name: &str) -> Result<String> {
        let stack = self.stack(stage);
        let said = self.ask(&["cloudformation", "describe-stacks", "--stack-name", &stack])?;
        let outputs = said.pointer("/Stacks/0/Outputs").and_then(Value::as_array);
        let mut outputs = outputs.into_iter().flatten();
        let output = outputs.find(|output| output["OutputKey"] == name);
        match output.and_then(|output| output["OutputValue"].as_str()) {
            Some(value) => Ok(value.to_owned()),
            None => bail!("the stack {stack} puts out no {name}"),
        }
    }

    /// The findings, one line each.
    pub(super) fn table(&self) -> Vec<String> {
        let width = self
            .items
            .iter()
            .map(|(what, _)| what.len())
            .max()
            .unwrap_or_default();
        let line = |(what, how): &(String, String)| {
            format!("  {} {what:<width$}  {how}", mark(true, true))
        };
        self.items.iter().map(line).collect()
    }

    /// The whole report, as Markdown.
    pub(super) fn report(&self, aws: &Ministack) -> String {
        let mut lines = vec![
            "# A deployment to AWS, on this machine".to_owned(),
            String::new(),
            format!("The account was `ministack` at {}.", aws.url()),
            String::new(),
            "| found | as |".to_owned(),
            "| --- | --- |".to_owned(),
        ];
        lines.extend(
            self.items
                .iter()
                .map(|(what, how)| format!("| {what} | {} |", how.replace('|', "\\|"))),
        );
        lines.extend([
            String::new(),
            "What was run, in order:".to_owned(),
            String::new(),
            "```console".to_owned(),
        ]);
        lines.extend(self.calls.iter().map(|call| format!("$ {call}")));
        lines.extend(["```".to_owned(), String::new()]);
        lines.join("\n")
    }
}

/// What ministack, unlike AWS, takes for part of a call wherever it occurs in a path (`services/lambda_svc.py`, seen in 1.5.33).
const MISTAKEN: [&str; 5] = [
    "/url",
    "/account-settings",
    "event-invoke-config",
    "provisioned-concurrency",
    "code-signing-config",
];

/// The function's name in the stacks here: ministack cannot find a function whose path it mistakes for another call's.
fn neutral(function: &str) -> &str {
    let path = format!("/2015-03-31/functions/{function}");
    if MISTAKEN.iter().any(|part| path.contains(part)) {
        "its-function"
    } else {
        function
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_call_about_a_function_looks_like_another() {
        for (function, want) in [
            ("hello", "hello"),
            ("curl", "curl"),
            ("my-url", "my-url"),
            ("url", "its-function"),
            ("urls", "its-function"),
            ("url-shortener", "its-function"),
            ("account-settings", "its-function"),
            ("my-event-invoke-config", "its-function"),
        ] {
            assert_eq!(neutral(function), want);
            let path = format!("/functions/{}-prod-Function-1/policy", neutral(function));
            let mistaken = MISTAKEN.iter().find(|part| path.contains(**part));
            assert_eq!(mistaken, None, "{path}");
        }
    }
}
