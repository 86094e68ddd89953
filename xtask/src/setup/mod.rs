//! What work on Guru itself needs in addition to what users need.

mod compiler;
mod debian;
mod linkers;
mod prefix;
mod rustup;
pub(crate) mod tools;
mod wasm;

use anyhow::Result;
use guru_cli::{
    args,
    commands::setup::{self, Scope},
};
use guru_toolbox::items::{
    Item,
    npm::{POSTGRES, Packages},
    python::Environment,
    wasm::NAME,
};

use crate::{console::Console, home::Home, version::Version};

/// The tools that validate a function's document and server.
pub(crate) static TOOLS: Environment = Environment {
    name: "python tools",
    why: "tests written by others: schemathesis, openapi-spec-validator",
    required: true,
    runs: true,
    oldest: Version::new(3, 10, 0),
    folder: "python",
    requirements: include_str!("requirements.txt"),
    tools: &["schemathesis", "openapi-spec-validator"],
};

/// An emulated AWS on this machine, and the tools that query and check it.
pub(crate) static AWS: Environment = Environment {
    name: "AWS on this machine",
    why: "tests deployments: ministack, awscli, cfn-lint, aws-sam-translator",
    required: false,
    runs: true,
    oldest: Version::new(3, 11, 0),
    folder: "aws",
    requirements: include_str!("requirements-aws.txt"),
    tools: &["ministack", "awscli", "cfn-lint", "aws-sam-translator"],
};

/// Runs a collection of requests that was made with Postman.
pub(crate) static NEWMAN: Packages = Packages {
    name: "newman",
    why: "plays RealWorld's own collection of requests",
    folder: "newman",
    is_there: |home| NEWMAN.program(home, "newman").is_some(),
    packages: &["newman"],
    manifest: include_str!("newman/package.json"),
    lock: include_str!("newman/package-lock.json"),
};

/// All items, in order of installation.
pub(crate) fn items() -> Vec<&'static dyn Item> {
    let mut all = Vec::new();
    for item in Scope::Everything.items() {
        if item.name() == NAME {
            all.push(&wasm::Targets as &dyn Item);
            all.push(&wasm::Link);
            all.push(&TOOLS);
        } else {
            all.push(item);
        }
    }
    all.push(&AWS);
    all.push(&POSTGRES);
    all.push(&NEWMAN);
    all.push(&tools::HACK);
    all
}

/// Finds or installs everything, or what the named targets need. Returns false when something required is still missing
/// afterwards.
pub(crate) fn run(home: &Home, console: Console, options: &args::Setup) -> Result<bool> {
    let items = items();
    let scope = match &*options.on {
        [] => Scope::Items(&items),
        some => Scope::Targets(some),
    };
    if options.check {
        Ok(setup::check(home, scope, options.json))
    } else {
        setup::install(home, console, scope, options.json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_requirement_is_pinned() {
        for environment in [&TOOLS, &AWS] {
            let lines = environment.requirements.lines();
            let lines = lines.filter(|line| !line.starts_with('#'));
            assert!(lines.clone().count() > 20);
            for line in lines {
                assert!(line.contains("=="), "{line}");
            }
            for tool in environment.tools {
                assert!(!environment.pinned(tool).contains("any"), "{tool}");
            }
        }
    }

    #[test]
    fn every_item_is_there_once() {
        let items = items();
        let names: std::collections::BTreeSet<_> = items.iter().map(|item| item.name()).collect();
        assert_eq!(names.len(), items.len());
        for name in ["rust", NAME, "rustup link", "python tools", "wrangler"] {
            assert!(names.contains(name), "{name}");
        }
    }
}
