//! Spin: `spin up`, and the plugins that deploy.

mod deploy;
mod manifest;
mod ports;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};
use guru_toolbox::postgres;

use super::{Deployer, Need, Serve, Served, Vendor};
use crate::{
    artefacts::{self, BuildContext, wasi},
    child,
    declared::{self, Port},
    files,
    home::Home,
    items::{Item, wasm},
    serving::Session,
    surroundings, tool,
};

pub(super) struct Spin;

const NAME: &str = "spin";

/// The vendor's manifest.
const MANIFEST: &str = "spin.toml";

/// How to install Spin.
const HOW: &str = "install it as https://spinframework.dev says, or name one in SPIN_BIN";

impl Vendor for Spin {
    fn name(&self) -> &'static str {
        NAME
    }

    fn about(&self) -> &'static str {
        "Spin: `spin up`"
    }

    fn conformance(&self) -> &'static str {
        include_str!("../../../vendors/spin/conformance.toml")
    }

    fn build(&self, context: &BuildContext<'_>, folder: &Path) -> Result<Vec<PathBuf>> {
        build(context, folder, true)
    }

    /// Settings are passed in the manifest, which only its owner can read, and not on the command line, which anyone can.
    fn serve(&self, session: &Session<'_>, request: &Serve<'_>) -> Result<Served> {
        let files = session.context().make(request.folder, |draft| {
            build(session.context(), draft, false)
        })?;
        let component = files.into_iter().next().context("a build made no file")?;
        let declared = declared::declared(&fs::read(&component)?)?;
        let servers = session.servers(&declared, request.settings)?;
        let hosts = servers.iter().filter_map(|(_, url)| postgres::host_of(url));
        let hosts: Vec<_> = hosts.collect();
        let own = session.own_manifest(MANIFEST)?;
        let text = files::read(&own)?;
        let settings = request.settings;
        let secrets: Vec<_> = declared.iter().filter_map(Port::secret).collect();
        let text = manifest::for_development(&text, &component, settings, &hosts, &secrets)
            .with_context(|| format!("{} cannot be served", own.display()))?;
        let manifest = session.manifest(&own);
        manifest.write(&text)?;
        let mut command = Command::new(program()?);
        command
            .args(["up", "--listen"])
            .arg(format!("127.0.0.1:{}", session.port()))
            .arg("--from")
            .arg(manifest.path());
        for (name, value) in settings
            .iter()
            .filter(|(key, _)| secrets.iter().any(|secret| secret == key))
        {
            command.env(format!("SPIN_VARIABLE_{name}"), value);
        }
        for (port, url) in &servers {
            let name = manifest::variable(port).to_uppercase();
            command.env(format!("SPIN_VARIABLE_{name}"), postgres::plain(url));
        }
        if !declared.iter().all(Port::is_fetch) {
            let context = session.context();
            let data = artefacts::data(context.workspace, context.function, settings)?.join(NAME);
            let config = data.join(format!("{}.runtime-config.toml", context.function));
            files::write(&config, &manifest::runtime_config(&data, &declared)?)?;
            command.arg("--runtime-config-file").arg(config);
            let files = declared
                .iter()
                .filter(|port| matches!(port, Port::Sqlite { .. }))
                .map(|port| (port.name(), manifest::sqlite_file(&data, port.name())));
            let files = files.map(|(name, file)| (name, format!("sqlite:{}", file.display())));
            let services: Vec<_> = files.chain(servers.clone()).collect();
            if let Some(migrations) = session.migrations()? {
                let apply = || session.migrate(&migrations, &services);
                session.migrate_new(&migrations, &services, apply)?;
            }
        }
        Ok(Served {
            command,
            parts: vec![artefacts::sha256(&component)?, text],
            port: None,
        })
    }

    fn items(&self) -> &'static [&'static dyn Item] {
        &[&wasm::Targets]
    }

    fn needs(&self, _: &Home, found: &dyn Fn(&str) -> Need) -> Vec<(&'static str, Need)> {
        vec![(wasm::NAME, found(wasm::NAME)), ("spin", version())]
    }

    fn needs_to_deploy(&self, _: &Home) -> Vec<(&'static str, Need)> {
        vec![("plugin", plugin())]
    }

    fn check(&self, _: &Home) -> Result<()> {
        program().map(drop)
    }

    fn deployer(&self) -> Option<Deployer> {
        Some(deploy::deploy)
    }

    fn deploys_with(&self) -> &'static str {
        "Hosts of Spin applications, with spin and its plugin for the host"
    }

    fn skeleton(&self) -> &'static [(&'static str, &'static str)] {
        &[(
            MANIFEST,
            include_str!("../../../vendors/spin/skeleton/spin.toml"),
        )]
    }
}

/// Builds the component, and holds `spin.toml` to what it declares. For good, that has to name servers that `guru dev` starts.
fn build(context: &BuildContext<'_>, folder: &Path, is_final: bool) -> Result<Vec<PathBuf>> {
    let component = wasi::build(context, folder)?;
    let declared = declared::declared(&fs::read(&component)?)?;
    ports::compose(context, &component)?;
    if let Some(own) = context.workspace.manifest(context.function, MANIFEST) {
        let hosts = manifest::hosts(&declared)?;
        let lists = [
            (manifest::HOSTS, hosts.iter().map(String::as_str).collect()),
            ("key_value_stores", declared::plain_stores(&declared)),
            ("sqlite_databases", declared::in_sqlite(&declared)),
        ];
        let before = files::read(&own)?;
        let made = manifest::with_lists(&before, &lists).and_then(|listed| {
            let text = listed.as_deref().unwrap_or(&before);
            let served = manifest::with_variables(text, &declared, is_final)?;
            Ok(served.or(listed))
        });
        if let Some(text) = made.with_context(|| own.display().to_string())? {
            files::write(&own, &text)?;
            let console = context.console;
            console.note(&format!("{MANIFEST} allows now what the function declares"));
        }
    }
    Ok(vec![component])
}

fn find() -> Option<PathBuf> {
    tool::find("SPIN_BIN", || which::which("spin").ok())
}

fn program() -> Result<PathBuf> {
    find().with_context(|| format!("spin is not on PATH: {HOW}"))
}

fn version() -> Need {
    let said =
        find().and_then(|spin| child::output(surroundings::command(spin).arg("--version")).ok());
    said.map(|said| said.trim().to_owned())
        .ok_or_else(|| HOW.to_owned())
}

fn plugin() -> Need {
    let name = deploy::plugin();
    let is_here =
        find().is_some_and(|spin| child::succeeds(Command::new(spin).args([&*name, "--help"])));
    if is_here {
        Ok(name)
    } else {
        Err(format!(
            "`spin plugins install {name}`; SPIN_DEPLOY_PLUGIN names another"
        ))
    }
}
