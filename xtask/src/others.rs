//! The programs that docs/coming-from.md has beside ours, in the folder `bench`: they compile, and answer the same requests.

use std::process::Command;

use anyhow::Result;
use guru_toolbox::{items::wasm::wasm_cargo, steps::show};

use crate::{cargo, console::say, context::TestContext, files, surroundings};

/// The requests, and what answers them.
const EXCHANGE: &str = "functions/users/exchange.json";

/// What Hono's part consists of.
const HONO: [&str; 6] = [
    "package.json",
    "package-lock.json",
    "users.js",
    "users.test.js",
    "words.js",
    "words.test.js",
];

/// The small programs that are for WebAssembly, each with its target.
const COMPONENTS: [(&str, &str); 2] = [
    ("worker-hello", "wasm32-unknown-unknown"),
    ("spin-sdk-hello", "wasm32-wasip2"),
];

pub(crate) fn check(context: &TestContext<'_>) -> Result<()> {
    let folder = context.workspace.root().join("bench");
    let mut axum = cargo::native(&folder);
    show(axum.args(["test", "--locked", "--package", "axum-users"]))?;
    let mut lambda = cargo::native(&folder);
    show(example(&mut lambda, "lambda-http-hello"))?;
    for (package, target) in COMPONENTS {
        let mut component = wasm_cargo(context.home)?;
        component.current_dir(&folder);
        show(example(&mut component, package).args(["--target", target]))?;
    }
    hono(context)
}

/// Checks the example `words` of a package.
fn example<'a>(cargo: &'a mut Command, package: &str) -> &'a mut Command {
    cargo.args(["check", "--locked", "--example", "words"]);
    cargo.args(["--package", package])
}

/// Runs the tests of Hono's programs in a copy, where npm may write.
fn hono(context: &TestContext<'_>) -> Result<()> {
    let Ok(npm) = which::which("npm") else {
        say("  hono: not run: there is no npm on PATH: install Node with npm");
        return Ok(());
    };
    let root = context.workspace.root();
    let place = context.home.fresh_work("hono-users")?;
    for name in HONO {
        files::copy(&root.join("bench/hono").join(name), &place.join(name))?;
    }
    let run = |arguments: &[&str]| {
        let mut command = surroundings::command(&npm);
        command.current_dir(&place).args(arguments);
        show(command.env("EXCHANGE", root.join(EXCHANGE)))
    };
    run(&["ci", "--ignore-scripts", "--no-audit", "--no-fund"])?;
    run(&["test"])
}
