//! Hosts of WASI 0.3 HTTP components without a target of their own. Here the component runs on wasmtime, in Guru's own host.

use std::path::{Path, PathBuf};

use anyhow::Result;
use guru_toolbox::migrations::Migrations;

use super::{Need, Serve, Served, Vendor};
use crate::{
    artefacts::{self, BuildContext, wasi},
    cargo,
    declared::Port,
    home::Home,
    items::{Item, wasm},
    serving::Session,
    surroundings,
};

pub(super) struct Wasi;

impl Vendor for Wasi {
    fn name(&self) -> &'static str {
        "wasi"
    }

    fn about(&self) -> &'static str {
        "Every other host of WASI 0.3 HTTP components: wasmtime, in Guru's own host"
    }

    fn conformance(&self) -> &'static str {
        include_str!("../../vendors/wasi/conformance.toml")
    }

    fn build(&self, context: &BuildContext<'_>, folder: &Path) -> Result<Vec<PathBuf>> {
        Ok(vec![wasi::build(context, folder)?])
    }

    /// The command line names the settings; their values are passed in the environment.
    fn serve(&self, session: &Session<'_>, request: &Serve<'_>) -> Result<Served> {
        let (compiled, ports) = session.context().compile(request.folder)?;
        let context = session.context();
        let data = artefacts::data(context.workspace, context.function, request.settings)?;
        let migrations = session.migrations()?;
        let mut command = surroundings::command(session.program(cargo::HOST)?);
        command
            .current_dir(context.workspace.root())
            .arg("serve")
            .arg(&compiled)
            .envs(migrations.iter().map(Migrations::setting))
            .envs(request.settings.iter())
            .env(artefacts::DATA, data)
            .envs(session.postgres(&ports, request.settings)?)
            .envs(session.itself(&ports, request.settings)?);
        let secrets: Vec<_> = ports.iter().filter_map(Port::secret).collect();
        for (key, _) in request.settings.iter() {
            let is_secret = secrets.iter().any(|secret| secret == key);
            command
                .arg(if is_secret { "--secret" } else { "--env" })
                .arg(key);
        }
        Ok(Served {
            command,
            parts: vec![artefacts::sha256(&compiled)?],
            port: Some("--port"),
        })
    }

    fn items(&self) -> &'static [&'static dyn Item] {
        &[&wasm::Targets]
    }

    fn needs(&self, _: &Home, found: &dyn Fn(&str) -> Need) -> Vec<(&'static str, Need)> {
        vec![(wasm::NAME, found(wasm::NAME))]
    }
}
