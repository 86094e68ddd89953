//! AWS Lambda: the bootstrap under AWS's own emulator, and `sam deploy`.

mod build;
mod deploy;
pub mod emulator;
mod openapi;

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use guru_toolbox::migrations::Migrations;

use super::{Deployer, Need, Reach, Serve, Served, Vendor, login, named};
use crate::{
    artefacts::{self, BuildContext},
    cargo, child,
    declared::Port,
    home::Home,
    items::{
        Item,
        python::{self, Environment},
        wasm,
    },
    serving::{Session, Settings},
    surroundings, tool,
    version::Version,
};

pub(super) struct Lambda;

const NAME: &str = "lambda";

/// The variable that names the service of a function's stores.
const STORES: &str = "GURU_STORES";

/// The variable that names the function's secrets.
const SECRETS: &str = "GURU_SECRETS";

/// The same for blobs.
const BLOBS: &str = "GURU_BLOBS";

/// The variable that lists what the bootstrap passes on to the function from its environment, besides names that begin with
/// `GURU_`.
const SETTINGS: &str = "GURU_SETTINGS";

/// AWS's deployment tool.
const SAM: Environment = Environment {
    name: "SAM",
    why: "deploys functions to AWS",
    required: false,
    runs: false,
    oldest: Version::new(3, 11, 0),
    folder: "sam-cli",
    requirements: include_str!("requirements-sam.txt"),
    tools: &["aws-sam-cli"],
};

impl Vendor for Lambda {
    fn name(&self) -> &'static str {
        NAME
    }

    fn about(&self) -> &'static str {
        "AWS Lambda: AWS's own emulator"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["aws"]
    }

    fn conformance(&self) -> &'static str {
        include_str!("../../../vendors/lambda/conformance.toml")
    }

    fn build(&self, context: &BuildContext<'_>, folder: &Path) -> Result<Vec<PathBuf>> {
        build::build(context, folder)
    }

    fn serve(&self, session: &Session<'_>, request: &Serve<'_>) -> Result<Served> {
        let (compiled, ports) = session.context().compile(request.folder)?;
        let bootstrap = session.program(build::program_for(&ports))?;
        let migrations = session.migrations()?;
        let mut command = surroundings::command(session.program(cargo::GATEWAY)?);
        command
            .args(["--front", session.front(), "--bootstrap"])
            .arg(bootstrap)
            .envs(migrations.iter().map(Migrations::setting))
            .envs(request.settings.iter())
            .envs(session.postgres(&ports, request.settings)?)
            .env(SETTINGS, names(request.settings, env::var(SETTINGS).ok()))
            .env("GURU_COMPONENT", &compiled);
        let secrets: Vec<_> = ports.iter().filter_map(Port::secret).collect();
        if !secrets.is_empty() {
            command.env(SECRETS, secrets.join(","));
        }
        // What no setting names a service for is in an AWS that begins with nothing.
        let is_named = |name: &str| request.settings.said(name).is_some();
        if let Some((setting, _)) = session.itself(&ports, request.settings)? {
            let name = session.context().function.to_string();
            command.env(setting, format!("lambda://{name}"));
            command.args(["--function", &name]);
        }
        let stores = ports.iter().any(Port::is_store) && !is_named(STORES);
        let blobs = ports.iter().any(Port::is_blob) && !is_named(BLOBS);
        if stores || blobs {
            let program = ministack(session.context().home).context(
                "the function has stores or blobs, which are DynamoDB's and S3's on Lambda: `pip install ministack` gets an emulator, \
                 MINISTACK_BIN names one, and the settings GURU_STORES and GURU_BLOBS others in its place (dynamodb://TABLE, \
                 s3://BUCKET)",
            )?;
            command.arg("--aws").arg(program);
        }
        if stores {
            command.env(STORES, "dynamodb://guru-dev?create");
        }
        if blobs {
            command.env(BLOBS, "s3://guru-dev?create");
        }
        // AWS's emulator collects answers.
        if !session.front().ends_with("-stream") {
            let emulator = program(session.context().home)?;
            command.arg("--emulator").arg(emulator);
        }
        Ok(Served {
            command,
            parts: vec![artefacts::sha256(&compiled)?],
            port: Some("--port"),
        })
    }

    fn items(&self) -> &'static [&'static dyn Item] {
        &[&wasm::Targets, &emulator::Emulator, &SAM]
    }

    fn needs(&self, _: &Home, found: &dyn Fn(&str) -> Need) -> Vec<(&'static str, Need)> {
        let emulator = named("LAMBDA_RIE_BIN").unwrap_or_else(|| found("lambda emulator"));
        vec![(wasm::NAME, found(wasm::NAME)), ("emulator", emulator)]
    }

    fn needs_to_deploy(&self, home: &Home) -> Vec<(&'static str, Need)> {
        let how = "`aws configure`, or set AWS_PROFILE";
        vec![
            ("sam", sam_version(home)),
            ("login", login(deploy::login(), how)),
        ]
    }

    fn check(&self, home: &Home) -> Result<()> {
        program(home).map(drop)
    }

    fn deployer(&self) -> Option<Deployer> {
        Some(deploy::deploy)
    }

    fn deploys_with(&self) -> &'static str {
        "AWS, with the SAM command line; `aws` is another name for it"
    }

    /// The native server speaks to DynamoDB and S3 itself, with the credentials that there are here.
    fn data(&self) -> Reach {
        Reach {
            on: "local",
            features: &["aws"],
            settings: &[
                (
                    false,
                    STORES,
                    "GURU_STORES=dynamodb://TABLE, the StoresTable of the stack (`aws cloudformation describe-stack-resources`)",
                ),
                (
                    true,
                    BLOBS,
                    "GURU_BLOBS=s3://BUCKET, the BlobsBucket of the stack (`aws cloudformation describe-stack-resources`)",
                ),
            ],
            secrets: None,
        }
    }

    fn skeleton(&self) -> &'static [(&'static str, &'static str)] {
        &[
            (
                "template.yaml",
                include_str!("../../../vendors/lambda/skeleton/template.yaml"),
            ),
            (
                "samconfig.toml",
                include_str!("../../../vendors/lambda/skeleton/samconfig.toml"),
            ),
        ]
    }
}

/// The SAM command line.
#[must_use]
pub fn sam(home: &Home) -> Option<PathBuf> {
    tool::find("SAM_BIN", || {
        let own = SAM.program(home, "sam");
        which::which("sam")
            .ok()
            .or_else(|| own.is_file().then_some(own))
    })
}

/// An emulator of AWS, which Guru's own workspace installs for its tests.
fn ministack(home: &Home) -> Option<PathBuf> {
    tool::find("MINISTACK_BIN", || {
        let own = python::program(&home.root().join("aws"), "ministack");
        let own = own.is_file().then_some(own);
        own.or_else(|| which::which("ministack").ok())
    })
}

fn sam_version(home: &Home) -> Need {
    let said =
        sam(home).and_then(|sam| child::output(surroundings::command(sam).arg("--version")).ok());
    said.map(|said| said.trim().to_owned())
        .ok_or_else(|| "`guru setup`, or name one in SAM_BIN".to_owned())
}

fn program(home: &Home) -> Result<PathBuf> {
    let found = tool::find("LAMBDA_RIE_BIN", || emulator::program(home));
    found.context(
        "AWS's emulator of Lambda is not installed: `guru setup` gets it, or name one in LAMBDA_RIE_BIN",
    )
}

/// The value of that variable: the names that it lists already, and those of the settings.
fn names(settings: &Settings, named: Option<String>) -> String {
    let own = settings.iter().find(|(key, _)| *key == SETTINGS);
    let named = own.map(|(_, value)| value.to_owned()).or(named);
    let named = named.iter().flat_map(|named| named.split(','));
    let mut all: Vec<_> = named
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .collect();
    let keys = settings.iter().map(|(key, _)| key);
    for key in keys.filter(|key| *key != SETTINGS) {
        if !all.contains(&key) {
            all.push(key);
        }
    }
    all.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bootstrap_is_told_each_name_once() {
        let of = |said: &[&str], named: Option<&str>| {
            let said: Vec<_> = said.iter().map(|said| (*said).to_owned()).collect();
            names(&Settings::read(None, &said).unwrap(), named.map(Into::into))
        };
        assert_eq!(of(&[], None), "");
        assert_eq!(of(&["A=1", "B=2,C"], None), "A,B");
        assert_eq!(of(&["A=1"], Some("A, X,")), "A,X");
        assert_eq!(of(&["A=1", "GURU_SETTINGS=Y"], Some("X")), "Y,A");
    }
}
