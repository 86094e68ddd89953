//! Builds a function for AWS Lambda: the bootstrap, and beside it the portable component, compiled ahead of time.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use guru_toolbox::{
    artefact::{glibc, packed},
    migrations::Migrations,
    settings::Settings,
};

use super::openapi;
use crate::{
    artefacts::{BuildContext, copy_program, host, write},
    cargo,
    declared::Port,
    wait,
};

/// The minor version of glibc in `provided.al2023`, which has glibc 2.34
/// (<https://docs.aws.amazon.com/linux/al2023/ug/core-glibc.html>).
const GLIBC: u32 = 34;

/// The deployment package.
const ZIP: &str = "function.zip";

/// The API definition for API Gateway.
const DOCUMENT: &str = "openapi.json";

/// Builds `function.zip`, which contains `bootstrap` and `function.cwasm`, and `openapi.json`.
pub(super) fn build(context: &BuildContext<'_>, folder: &Path) -> Result<Vec<PathBuf>> {
    Ok(built(context, folder)?.0)
}

/// The same with the ports that the function declares.
pub(super) fn built(
    context: &BuildContext<'_>,
    folder: &Path,
) -> Result<(Vec<PathBuf>, Vec<Port>)> {
    let (compiled, ports) = host::compiled(context, folder)?;
    let bootstrap = bootstrap(context, folder, program_for(&ports))?;
    let zip = folder.join(ZIP);
    let migrations = Migrations::of(context.workspace, context.function, &Settings::default())?;
    let mut files = vec![
        (cargo::BOOTSTRAP.name.to_owned(), &*bootstrap, 0o755),
        ("function.cwasm".to_owned(), &*compiled, 0o644),
    ];
    let migrations = migrations.iter().flat_map(Migrations::files);
    files.extend(migrations.map(|(name, path)| (name, path, 0o644)));
    write(&zip, packed(&files)?)?;
    let document = folder.join(DOCUMENT);
    write(&document, openapi::for_gateway(context)?)?;
    Ok((vec![zip, bootstrap, compiled, document], ports))
}

/// The bootstrap for a function with these ports.
pub(super) fn program_for(ports: &[Port]) -> cargo::Program {
    if ports.iter().any(Port::is_postgres) {
        cargo::BOOTSTRAP_WITH_POSTGRES
    } else if ports.iter().any(Port::is_blob) {
        cargo::BOOTSTRAP_WITH_BLOBS
    } else if ports
        .iter()
        .any(|port| port.is_store() || port.function().is_some())
    {
        cargo::BOOTSTRAP_WITH_STORES
    } else {
        cargo::BOOTSTRAP
    }
}

fn bootstrap(
    context: &BuildContext<'_>,
    folder: &Path,
    program: cargo::Program,
) -> Result<PathBuf> {
    // Always optimised: the function's code is in the component, and a debug build of the bootstrap exceeds Lambda's size limit.
    // https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    let made = wait::build(context.console, context.workspace, program, true)?;
    let program = fs::read(&made).with_context(|| format!("cannot read {}", made.display()))?;
    if !program.starts_with(b"\x7fELF") {
        bail!(
            "Lambda runs Linux, and the bootstrap is built for the system that it is built on: build it on Linux, or in a container of it"
        );
    }
    if let Some(version) = glibc(&program).filter(|version| *version > GLIBC) {
        bail!(
            "the bootstrap needs glibc 2.{version}, and provided.al2023 has 2.{GLIBC}: build it on an older \
             system"
        );
    }
    let to = folder.join("bootstrap");
    copy_program(&made, &to)?;
    Ok(to)
}

/// Sets in a build's document whether API keys are required and answers are streamed.
pub(super) fn decide(folder: &Path, aws: &crate::args::Aws) -> Result<()> {
    let path = folder.join(DOCUMENT);
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    write(&path, openapi::decide(&text, aws.api_key, aws.stream)?)
}
