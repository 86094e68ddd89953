//! One function that is served on this machine: what its vendor may look at to do so. Knows no vendor.

use std::{
    cell::OnceCell,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use super::{
    manifest::Manifest,
    settings::{self, Settings},
};
use crate::{args::DevOptions, artefacts::BuildContext, cargo, wait};

/// One function under one runtime.
pub struct Session<'a> {
    context: BuildContext<'a>,
    options: &'a DevOptions,
    /// The vendor's manifest, of ours, where the runtime reads one.
    manifest: OnceCell<Manifest>,
}

impl<'a> Session<'a> {
    /// One of a function, with what was asked for.
    #[must_use]
    pub fn new(context: BuildContext<'a>, options: &'a DevOptions) -> Self {
        Self {
            context,
            options,
            manifest: OnceCell::new(),
        }
    }

    /// Whether there is a manifest of ours, which somebody has to take away afterwards.
    #[must_use]
    pub fn has_manifest(&self) -> bool {
        self.manifest.get().is_some()
    }

    /// What the function is told.
    ///
    /// # Errors
    ///
    /// When a file of settings, or what was typed, cannot be read.
    pub fn settings(&self) -> Result<Settings> {
        let context = &self.context;
        let file = context.workspace.manifest(context.function, settings::FILE);
        Settings::read(file.as_deref(), &self.options.env)
    }

    /// What is built.
    #[must_use]
    pub fn context(&self) -> &BuildContext<'a> {
        &self.context
    }

    /// The port to listen on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.options.port
    }

    /// What stands in front of the function, where several things can.
    #[must_use]
    pub fn front(&self) -> &str {
        &self.options.front
    }

    /// Builds a program of Guru's, for this machine.
    ///
    /// # Errors
    ///
    /// When it cannot be built.
    pub fn program(&self, program: cargo::Program) -> Result<PathBuf> {
        wait::build(self.context.console, self.context.workspace, program, false)
    }

    /// The author's manifest for the vendor.
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

    /// Our manifest beside the author's, made once.
    pub fn manifest(&self, own: &Path) -> &Manifest {
        self.manifest.get_or_init(|| Manifest::beside(own))
    }
}
