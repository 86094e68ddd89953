//! Cloudflare Workers: workerd under `wrangler dev`, and `wrangler deploy`.

mod build;
mod deploy;
mod esbuild;
mod manifest;
mod worker;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};
use guru_toolbox::postgres;

use super::{Deployer, Need, Reach, Serve, Served, Vendor, login, named};
use crate::{
    artefacts::{self, BuildContext},
    child,
    home::Home,
    items::{Item, npm, wasm},
    serving::{SECRETS, Session},
    tool,
};

pub(super) struct Cloudflare;

const NAME: &str = "cloudflare";

/// The vendor's manifest.
const MANIFEST: &str = "wrangler.toml";

impl Vendor for Cloudflare {
    fn name(&self) -> &'static str {
        NAME
    }

    fn about(&self) -> &'static str {
        "Cloudflare Workers: workerd, under `wrangler dev`"
    }

    fn conformance(&self) -> &'static str {
        include_str!("../../../vendors/cloudflare/conformance.toml")
    }

    fn build(&self, context: &BuildContext<'_>, folder: &Path) -> Result<Vec<PathBuf>> {
        build::build(context, folder)
    }

    /// Settings are passed in an option that wrangler hides from its help. Its values take precedence over [`SECRETS`] and are
    /// used verbatim.
    fn serve(&self, session: &Session<'_>, request: &Serve<'_>) -> Result<Served> {
        let entry = worker::build(session, request.folder)?;
        let own = session.own_manifest(MANIFEST)?;
        let text = crate::files::read(&own)?;
        let ports = manifest::databases(&text)?;
        let servers = session.servers(&ports, request.settings)?;
        let plain: Vec<_> = servers
            .iter()
            .map(|(name, url)| (*name, postgres::plain(url)))
            .collect();
        let text = manifest::for_development(&text, &entry, &plain)
            .with_context(|| format!("{} cannot be served", own.display()))?;
        let manifest = session.manifest(&own);
        manifest.write(&text)?;
        let context = session.context();
        let data = artefacts::data(context.workspace, context.function, request.settings)?;
        let wrangler = program(context.home)?;
        if let Some(migrations) = session.migrations()? {
            let state = data.join(NAME);
            let own = migrations.named_in(&text, manifest::MIGRATIONS)?;
            let here = own
                .iter()
                .map(|name| (&**name, state.display().to_string()));
            let all: Vec<_> = servers.iter().cloned().chain(here).collect();
            session.migrate_new(&migrations, &all, || {
                session.migrate(&migrations, &servers)?;
                for database in &own {
                    let mut apply = migrate(&wrangler, database, manifest.path());
                    apply.arg("--local").arg("--persist-to").arg(&state);
                    child::output(&mut apply).context("the migrations were not applied")?;
                }
                Ok(())
            })?;
        }
        let mut command = Command::new(wrangler);
        command
            .current_dir(context.workspace.root())
            .args(["dev", "--local", "--ip", "127.0.0.1", "--config"])
            .arg(manifest.path())
            .arg("--persist-to")
            .arg(data.join(NAME))
            // wrangler would parse the file differently than every other target does.
            .env("CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV", "false");
        for (key, value) in request.settings.of_function() {
            command.arg("--var").arg(format!("{key}:{value}"));
        }
        let secrets = fs::read_to_string(own.with_file_name(SECRETS)).unwrap_or_default();
        // wrangler watches the build by itself.
        Ok(Served {
            command,
            parts: vec![text, secrets],
            port: Some("--port"),
        })
    }

    fn items(&self) -> &'static [&'static dyn Item] {
        &[&wasm::Targets, &npm::WRANGLER]
    }

    fn needs(&self, _: &Home, found: &dyn Fn(&str) -> Need) -> Vec<(&'static str, Need)> {
        let wrangler = named("WRANGLER_BIN").unwrap_or_else(|| found("wrangler"));
        vec![(wasm::NAME, found(wasm::NAME)), ("wrangler", wrangler)]
    }

    fn needs_to_deploy(&self, _: &Home) -> Vec<(&'static str, Need)> {
        let how = "`wrangler login`, or set CLOUDFLARE_API_TOKEN";
        vec![("login", login(deploy::login(), how))]
    }

    fn check(&self, home: &Home) -> Result<()> {
        program(home).map(drop)
    }

    fn deployer(&self) -> Option<Deployer> {
        Some(deploy::deploy)
    }

    fn deploys_with(&self) -> &'static str {
        "Cloudflare Workers, with wrangler"
    }

    fn data(&self) -> Reach {
        Reach {
            on: NAME,
            features: &[],
            settings: &[],
            secrets: Some(SECRETS),
        }
    }

    fn data_manifest(&self, skeleton: &str, own: &str) -> Result<String> {
        manifest::with_stores_of(skeleton, own)
    }

    fn skeleton(&self) -> &'static [(&'static str, &'static str)] {
        &[(
            MANIFEST,
            include_str!("../../../vendors/cloudflare/skeleton/wrangler.toml"),
        )]
    }

    fn tries_builds(&self) -> bool {
        true
    }
}

/// The command by which wrangler applies a database's migrations.
fn migrate(wrangler: &Path, database: &str, manifest: &Path) -> Command {
    let mut command = Command::new(wrangler);
    command
        .args(["d1", "migrations", "apply", database, "--config"])
        .arg(manifest)
        // It asks nobody then.
        .env("CI", "1");
    command
}

fn program(home: &Home) -> Result<PathBuf> {
    let found = tool::find("WRANGLER_BIN", || npm::program(home, "wrangler"));
    found.context("wrangler is not installed: `guru setup` gets it, or name one in WRANGLER_BIN")
}
