//! What every step of the tests may look at. Knows no step.

use crate::{artefacts, console::Console, home::Home, workspace::Workspace};

/// What every step may look at.
pub(crate) struct TestContext<'a> {
    pub(crate) home: &'a Home,
    pub(crate) console: Console,
    pub(crate) workspace: &'a Workspace,
    /// The function that is deployed.
    pub(crate) function: &'a str,
    pub(crate) options: &'a guru_cli::args::Test,
    /// Whether the matrix goes into the docs.
    pub(crate) docs: bool,
    /// The targets that must run here.
    pub(crate) require: Vec<String>,
}

impl TestContext<'_> {
    /// As a build sees it: what is deployed is optimised.
    pub(crate) fn build(&self) -> artefacts::BuildContext<'_> {
        artefacts::BuildContext {
            home: self.home,
            console: self.console,
            workspace: self.workspace,
            function: self.function,
            is_release: true,
        }
    }
}
