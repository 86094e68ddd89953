//! A function being served on this machine: the context that its vendor works with. Independent of any vendor.

use std::{
    cell::{OnceCell, RefCell},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use guru_toolbox::migrations::{self, Migrations};
use guru_toolbox::port;
use guru_toolbox::postgres::{self, Server};

use super::{Manifest, Settings, settings};
use crate::{
    args::DevOptions,
    artefacts::{self, BuildContext},
    cargo,
    declared::Port,
    wait,
};

/// A function under one runtime.
pub struct Session<'a> {
    context: BuildContext<'a>,
    options: &'a DevOptions,
    /// The generated manifest, for runtimes that read one.
    manifest: OnceCell<Manifest>,
    /// The server of its databases, for functions that have some.
    postgres: OnceCell<Server>,
    /// The port that was chosen for it.
    own: OnceCell<u16>,
    /// Which migrations were applied last.
    migrated: RefCell<Option<String>>,
}

impl<'a> Session<'a> {
    /// Creates the session of a function with the options from the command line.
    #[must_use]
    pub fn new(context: BuildContext<'a>, options: &'a DevOptions) -> Self {
        Self {
            context,
            options,
            manifest: OnceCell::new(),
            postgres: OnceCell::new(),
            own: OnceCell::new(),
            migrated: RefCell::default(),
        }
    }

    /// Whether something has to be done afterwards: a generated manifest is removed, and a server ended.
    #[must_use]
    pub fn has_more_to_do(&self) -> bool {
        self.manifest.get().is_some() || self.postgres.get().is_some()
    }

    /// The settings that the function is given.
    ///
    /// # Errors
    ///
    /// When a settings file or an option cannot be parsed.
    pub fn settings(&self) -> Result<Settings> {
        let context = &self.context;
        let file = context.workspace.manifest(context.function, settings::FILE);
        Settings::read(file.as_deref(), &self.options.env)
    }

    /// The build context.
    #[must_use]
    pub fn context(&self) -> &BuildContext<'a> {
        &self.context
    }

    /// The port to listen on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.own.get().copied().unwrap_or(self.options.port)
    }

    /// The setting by which a function that declares one of its own name reaches itself, unless there is one. It has a port from then on
    /// that is known beforehand.
    ///
    /// # Errors
    ///
    /// When no port is free.
    pub fn itself(&self, ports: &[Port], settings: &Settings) -> Result<Option<(String, String)>> {
        let name = self.context.function.to_string();
        let own = ports
            .iter()
            .find(|port| port.function() == Some(name.replace('_', "-")));
        let Some(own) = own.filter(|port| !settings.has_function(port.name())) else {
            return Ok(None);
        };
        if self.port() == 0 {
            let _ = self.own.set(port::free()?);
        }
        let setting = settings::setting_of(own.name());
        Ok(Some((setting, format!("http://127.0.0.1:{}", self.port()))))
    }

    /// The front end of the function, for vendors that have several.
    #[must_use]
    pub fn front(&self) -> &str {
        &self.options.front
    }

    /// Builds one of Guru's own programs for this machine.
    ///
    /// # Errors
    ///
    /// When it cannot be built.
    pub fn program(&self, program: cargo::Program) -> Result<PathBuf> {
        wait::build(self.context.console, self.context.workspace, program, false)
    }

    /// The setting that names the server of a function's databases: one that is started with the first build which has some, where
    /// the author's settings name none.
    ///
    /// # Errors
    ///
    /// When there is no server on this machine, or it does not start.
    pub fn postgres(
        &self,
        ports: &[Port],
        settings: &Settings,
    ) -> Result<Option<(&'static str, &str)>> {
        let lacks = ports.iter().filter(|port| port.is_postgres());
        let lacks = lacks.filter(|port| settings.of_port(postgres::SETTING, port.name()).is_none());
        if lacks.count() == 0 {
            return Ok(None);
        }
        let context = &self.context;
        let server = match self.postgres.get() {
            Some(server) => server,
            None => {
                let programs = postgres::programs(context.home).context(
                    "the function has a database of PostgreSQL, of which there is no server on this machine: install one (on \
                     Debian, `apt install postgresql`), name the folder of its programs in POSTGRES_BIN, or set \
                     GURU_POSTGRES=postgres://USER:PASSWORD@HOST/DATABASE to a server that is there",
                )?;
                let folder = artefacts::data(context.workspace, context.function, settings)?;
                let started = Server::start(&programs, &folder.join("postgres"))?;
                context.console.note(&format!(
                    "the function's databases are at {}",
                    started.url()
                ));
                self.postgres.get_or_init(|| started)
            }
        };
        Ok(Some((postgres::SETTING, server.url())))
    }

    /// The function's migrations, if it has some.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub fn migrations(&self) -> Result<Option<Migrations>> {
        Migrations::of(
            self.context.workspace,
            self.context.function,
            &self.settings()?,
        )
    }

    /// Has migrations applied to these databases, each with where it is, by `apply`: where they, or these, are others than when it was done
    /// last.
    ///
    /// # Errors
    ///
    /// When one fails, which is then tried again.
    pub fn migrate_new(
        &self,
        migrations: &Migrations,
        databases: &[(&str, String)],
        apply: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        let key = format!("{} {databases:?}", migrations.hash()?);
        if self.migrated.borrow().as_ref() != Some(&key) {
            apply()?;
            self.migrated.replace(Some(key));
        }
        Ok(())
    }

    /// Has the function's native program apply migrations to databases at these services: for runtimes that do not by themselves.
    ///
    /// # Errors
    ///
    /// When one fails.
    pub fn migrate(&self, migrations: &Migrations, services: &[(&str, String)]) -> Result<()> {
        if !services.iter().any(|(name, _)| migrations.has(name)) {
            return Ok(());
        }
        let program = artefacts::program(&BuildContext {
            is_release: false,
            ..self.context
        })?;
        migrations::apply(&mut migrations.command(&program, services))
    }

    /// The address of each database of PostgreSQL by its name, as [`postgres`](Self::postgres) or the author's settings have it.
    ///
    /// # Errors
    ///
    /// As [`postgres`](Self::postgres).
    pub fn servers<'p>(
        &self,
        ports: &'p [Port],
        settings: &Settings,
    ) -> Result<Vec<(&'p str, String)>> {
        let started = self.postgres(ports, settings)?;
        let databases = ports.iter().filter(|port| port.is_postgres());
        let servers = databases.filter_map(|port| {
            let own = settings.of_port(postgres::SETTING, port.name());
            let url = own.or_else(|| started.map(|(_, url)| url.to_owned()))?;
            Some((port.name(), url))
        });
        Ok(servers.collect())
    }

    /// Finds the author's manifest for the vendor.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn own_manifest(&self, name: &str) -> Result<PathBuf> {
        let found = self.context.workspace.manifest(self.context.function, name);
        found.with_context(|| {
            format!(
                "{} has no {name}: put one into its folder",
                self.context.function
            )
        })
    }

    /// The generated manifest beside the author's, created on first use.
    pub fn manifest(&self, own: &Path) -> &Manifest {
        self.manifest.get_or_init(|| Manifest::beside(own))
    }
}
