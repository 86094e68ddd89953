//! A function being served on this machine: the context that its vendor works with. Independent of any vendor.

use std::{
    cell::OnceCell,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use super::{Settings, manifest::Manifest, settings};
use crate::{args::DevOptions, artefacts::BuildContext, cargo, wait};

/// A function under one runtime.
pub struct Session<'a> {
    context: BuildContext<'a>,
    options: &'a DevOptions,
    /// The generated manifest, for runtimes that read one.
    manifest: OnceCell<Manifest>,
}

impl<'a> Session<'a> {
    /// Creates the session of a function with the options from the command line.
    #[must_use]
    pub fn new(context: BuildContext<'a>, options: &'a DevOptions) -> Self {
        Self {
            context,
            options,
            manifest: OnceCell::new(),
        }
    }

    /// Whether a manifest was generated, which has to be removed afterwards.
    #[must_use]
    pub fn has_manifest(&self) -> bool {
        self.manifest.get().is_some()
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
        self.options.port
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
