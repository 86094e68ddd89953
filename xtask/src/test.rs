//! `cargo xtask test`: the tests of the workspace, in steps.

use anyhow::Result;
use guru_toolbox::steps::{Choice, Step, take_all};

use crate::{
    args, artefacts, budget, console::Console, context::TestContext, home::Home, steps,
    workspace::Workspace,
};

/// The steps, in the order they run.
const fn steps<'a>() -> [Step<TestContext<'a>>; 16] {
    [
        Step {
            name: "setup",
            why: "every toolchain and tool the other steps need is there",
            is_asked_for: false,
            run: steps::set_up,
        },
        Step {
            name: "tests",
            why: "unit tests, examples in the docs, the conformance vectors on every target that runs here",
            is_asked_for: false,
            run: steps::tests,
        },
        Step {
            name: "benches",
            why: "the benchmarks still compile and run, once each and not timed; the fuzzers compile",
            is_asked_for: false,
            run: steps::benches,
        },
        Step {
            name: "bare core",
            why: "the core builds for a target that has no std at all",
            is_asked_for: false,
            run: steps::bare_core,
        },
        Step {
            name: "features",
            why: "each feature of the crates that have some compiles alone",
            is_asked_for: false,
            run: steps::features,
        },
        Step {
            name: "deny",
            why: "dependencies have licences that allow what we do, and come from where they should",
            is_asked_for: false,
            run: steps::dependencies,
        },
        Step {
            name: "functions",
            why: "each function builds for every adapter as it is",
            is_asked_for: false,
            run: steps::functions,
        },
        Step {
            name: "openapi",
            why: "the example's OpenAPI document is valid, and its server does what the document says",
            is_asked_for: false,
            run: steps::openapi,
        },
        Step {
            name: "budget",
            why: "the example's bytes and the core's instructions are within bench/budget.toml",
            is_asked_for: false,
            run: budget::check,
        },
        Step {
            name: "data",
            why: "what a function keeps goes from each target to the next by `guru data`, and stays what it is",
            is_asked_for: false,
            run: steps::data,
        },
        Step {
            name: "links",
            why: "the link shortener answers the same lines of curl on every target, with its stores, blobs and tables there",
            is_asked_for: false,
            run: steps::links,
        },
        Step {
            name: "realworld",
            why: "RealWorld's backend passes RealWorld's own collection of requests on every target, on SQLite or PostgreSQL",
            is_asked_for: false,
            run: steps::realworld,
        },
        Step {
            name: "others",
            why: "what docs/coming-from.md shows of axum, Hono and others compiles, and answers the same requests as ours",
            is_asked_for: false,
            run: steps::others,
        },
        Step {
            name: "aws",
            why: "the function is deployed to a whole AWS on this machine, called, changed and deleted",
            is_asked_for: false,
            run: steps::aws,
        },
        Step {
            name: "new",
            why: "a function of one's own goes the whole way: new, dev, test, build",
            is_asked_for: false,
            run: steps::new,
        },
        Step {
            name: "fuzz",
            why: "what a client or a host can send, a minute for each property: nothing panics, nothing is lost",
            is_asked_for: true,
            run: steps::fuzz,
        },
    ]
}

/// Runs the steps. Returns false when one failed.
pub(crate) fn run(home: &Home, console: Console, options: &args::TestAll) -> Result<bool> {
    let workspace = Workspace::find()?;
    let common = &options.common;
    let steps = steps();
    let choice = Choice {
        only: &common.only,
        require: &common.require,
        keep_going: common.keep_going,
    };
    let context = TestContext {
        home,
        console,
        workspace: &workspace,
        // The steps are the same in every folder.
        function: artefacts::choose(&workspace, None, workspace.root())?,
        options: common,
        docs: options.docs,
        require: choice.beyond(&steps),
    };
    take_all(&steps, &context, &choice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::targets::Target;

    /// CI must run everything that setup can install; Spin has to be installed by the user.
    #[test]
    fn nothing_that_setup_can_get_is_left_out_where_it_counts() {
        let script = include_str!("../../.ci/run");
        let line = script.lines().find(|line| line.contains("guru test"));
        let (_, required) = line.unwrap().split_once("--require ").unwrap();
        let ways = Target::ways().unwrap();
        let ways = ways.into_iter().map(|way| way.name);
        let mut want: Vec<_> = ways.filter(|name| !name.starts_with("spin")).collect();
        want.extend(["features", "aws"].map(str::to_owned));
        assert_eq!(required.trim().split(',').collect::<Vec<_>>(), want);
    }

    #[test]
    fn steps_have_names_of_their_own_and_reasons() {
        let names: std::collections::BTreeSet<_> = steps().iter().map(|s| s.name).collect();
        assert_eq!(names.len(), steps().len());
        assert!(
            steps()
                .iter()
                .all(|s| s.name.len() <= 10 && !s.why.is_empty())
        );
    }
}
