//! The context of the test steps.

use crate::{artefacts, console::Console, home::Home, workspace::Workspace};

/// None of the function's features: it needs no port of its own then.
pub(crate) static BARE: guru_cli::args::Features = guru_cli::args::Features {
    features: Vec::new(),
    no_default_features: true,
};

/// The context of every step.
pub(crate) struct TestContext<'a> {
    pub(crate) home: &'a Home,
    pub(crate) console: Console,
    pub(crate) workspace: &'a Workspace,
    /// The function under test, which gets deployed.
    pub(crate) function: &'a str,
    pub(crate) options: &'a guru_cli::args::Test,
    /// Whether the matrix is written into the docs.
    pub(crate) docs: bool,
    /// The targets that must be able to run here.
    pub(crate) require: Vec<String>,
}

impl TestContext<'_> {
    /// The context for a build. What is deployed is optimised.
    pub(crate) fn build(&self) -> artefacts::BuildContext<'_> {
        artefacts::BuildContext {
            home: self.home,
            console: self.console,
            workspace: self.workspace,
            function: self.function,
            is_release: true,
            features: &BARE,
            lacks: &[],
        }
    }
}
