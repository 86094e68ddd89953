//! The native server, which runs the function as a program of its own.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use guru_toolbox::migrations::Migrations;

use super::{Need, Serve, Served, Vendor};
use crate::{
    artefacts::{self, BuildContext, native},
    declared,
    home::Home,
    serving::{Session, trial},
    surroundings,
};

/// What the server prints once it is listening.
const LISTENS: &str = "listening on ";

pub(super) struct Local;

impl Vendor for Local {
    fn name(&self) -> &'static str {
        "local"
    }

    fn about(&self) -> &'static str {
        "The native server"
    }

    fn conformance(&self) -> &'static str {
        include_str!("../../vendors/local/conformance.toml")
    }

    fn build(&self, context: &BuildContext<'_>, folder: &Path) -> Result<Vec<PathBuf>> {
        Ok(vec![native::build(context, folder)?])
    }

    fn serve(&self, session: &Session<'_>, request: &Serve<'_>) -> Result<Served> {
        let context = session.context();
        let files = context.make(request.folder, |draft| Vendor::build(self, context, draft))?;
        let program = files.into_iter().next().context("a build made no file")?;
        let ports = declared::declared(&fs::read(&program)?)?;
        let postgres = session.postgres(&ports, request.settings)?;
        let itself = session.itself(&ports, request.settings)?;
        let data = artefacts::data(context.workspace, context.function, request.settings)?;
        let migrations = session.migrations()?;
        let start = || {
            let mut command = surroundings::command(&program);
            command
                .current_dir(context.workspace.root())
                .envs(migrations.iter().map(Migrations::setting))
                .envs(request.settings.iter())
                .env(artefacts::DATA, &data)
                .envs(postgres)
                .envs(itself.clone());
            command
        };
        if request.is_tried {
            let mut command = start();
            command.args(["--port", "0"]);
            trial::starts(command, LISTENS)?;
        }
        Ok(Served {
            command: start(),
            parts: vec![artefacts::sha256(&program)?],
            port: Some("--port"),
        })
    }

    fn needs(&self, _: &Home, found: &dyn Fn(&str) -> Need) -> Vec<(&'static str, Need)> {
        vec![("rust", found("rust"))]
    }

    fn tries_builds(&self) -> bool {
        true
    }
}
