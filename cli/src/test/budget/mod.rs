//! What may not grow unnoticed: the bytes of what is deployed, and the instructions of a request through the core. Knows what
//! is measured, not how much of it is too much.

mod file;
mod verdict;

use std::{collections::BTreeMap, fs, path::PathBuf};

use anyhow::{Context as _, Result, bail};

use super::{End, Scene};
use crate::{
    args::Target,
    build,
    console::say,
    gauge::{BY_HAND, Callgrind, PATH},
    setup::wrangler,
};

use verdict::Found;

/// Where the budget is, seen from the top of the workspace.
const BUDGET: &str = "bench/budget.toml";

/// What is counted; a table of the budget each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Bytes,
    Instructions,
}

impl Kind {
    const ALL: [Self; 2] = [Self::Bytes, Self::Instructions];

    /// Its name in the budget and beside a number.
    const fn name(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Instructions => "instructions",
        }
    }
}

/// What is counted, and of what.
type Key = (Kind, String);

/// Measures all there is a budget for, and tells how each stands.
pub(super) fn check(scene: &Scene<'_>) -> Result<End> {
    let path = scene.workspace.root().join(BUDGET);
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let budget = file::read(&text).with_context(|| format!("{BUDGET} is no budget"))?;
    let mut found = sizes(scene)?;
    found.extend(instructions(scene)?);
    let is_measured = found.values().any(|one| matches!(one, Found::Count(_)));
    let lines = verdict::judge(&found, &budget);
    say(&verdict::table(&lines));
    let faults = verdict::faults(&lines, BUDGET);
    if !faults.is_empty() {
        bail!("{}", faults.join("\n  "));
    }
    if is_measured {
        Ok(End::Passed)
    } else {
        Ok(End::NothingToDo("what it is measured with is missing"))
    }
}

/// The bytes of the example, as `guru build --release` makes it.
fn sizes(scene: &Scene<'_>) -> Result<BTreeMap<Key, Found>> {
    let mut found = BTreeMap::new();
    let targets = [
        (Target::Cloudflare, &["wasm-opt", "esbuild"][..]),
        (Target::Spin, &["wasm-opt"]),
    ];
    for (target, tools) in targets {
        let lacks = |tool: &&&str| wrangler::program(scene.home, tool).is_none();
        let sizes = match tools.iter().find(lacks) {
            Some(tool) => {
                let why = format!("{tool} is not installed: `guru setup` gets it");
                [Found::NotRun(why.clone()), Found::NotRun(why)]
            }
            None => built(scene, target)?.map(Found::Count),
        };
        for (what, size) in ["gzip", "wasm"].into_iter().zip(sizes) {
            let name = format!("{}, {what}", target.name());
            found.insert((Kind::Bytes, name), size);
        }
    }
    Ok(found)
}

/// All files of a target one after the other, compressed; and its module or component as it is.
fn built(scene: &Scene<'_>, target: Target) -> Result<[u32; 2]> {
    let title = format!("building {} for {}", scene.function, target.name());
    let step = scene.console.step(&title);
    let build = scene.build();
    let folder = build::dist(scene.workspace, target, scene.function);
    let files = build.build(target, &folder)?;
    step.done();
    let read =
        |path: &PathBuf| fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let is_wasm = |path: &&PathBuf| path.extension().is_some_and(|end| end == "wasm");
    let wasm = files.iter().find(is_wasm);
    let wasm = read(wasm.context("a build without WebAssembly")?)?;
    let all = files.iter().map(read).collect::<Result<Vec<_>>>()?;
    let count = |bytes: &[u8]| u32::try_from(bytes.len()).context("an artefact has gigabytes");
    Ok([count(&build::gzip(&all.concat())?)?, count(&wasm)?])
}

/// The instructions of every case of the core.
fn instructions(scene: &Scene<'_>) -> Result<BTreeMap<Key, Found>> {
    let gauge = PATH.build(scene.workspace)?;
    let mut cases: Vec<_> = gauge.cases()?.into_keys().collect();
    cases.retain(|case| case != BY_HAND);
    let callgrind = if cfg!(target_arch = "x86_64") {
        Callgrind::find(scene.home, scene.console)
    } else {
        Err("the budget is that of x86-64".to_owned())
    };
    let step = scene.console.step("counting instructions");
    let count = |case: String| {
        let found = match &callgrind {
            Ok(callgrind) => Found::Count(callgrind.instructions(&gauge, &case)?),
            Err(why) => Found::NotRun(why.clone()),
        };
        Ok(((Kind::Instructions, case), found))
    };
    let found = cases.into_iter().map(count).collect::<Result<_>>()?;
    step.done();
    Ok(found)
}
