//! Budgets against unnoticed growth: the bytes of what is deployed, and the instructions of a request through the core.

mod file;
mod verdict;

use std::{collections::BTreeMap, fs, path::PathBuf};

use anyhow::{Context as _, Result, bail};

use guru_toolbox::{items::npm, steps::StepResult};

use crate::{
    args::target,
    artefacts,
    console::say,
    context::TestContext,
    gauge::{BY_HAND, Callgrind, PATH},
    targets::Target,
};

use verdict::Measurement;

/// The path of the budget file, relative to the root of the workspace.
const BUDGET: &str = "bench/budget.toml";

/// The kinds of measurements, each a table of the budget file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Bytes,
    Instructions,
}

impl Kind {
    const ALL: [Self; 2] = [Self::Bytes, Self::Instructions];

    /// Its name in the budget file and in the output.
    const fn name(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Instructions => "instructions",
        }
    }
}

/// A kind of measurement, and what is measured.
type Key = (Kind, String);

/// Measures everything that has a budget, and reports the results.
pub(super) fn check(context: &TestContext<'_>) -> Result<StepResult> {
    let path = context.workspace.root().join(BUDGET);
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let budget = file::read(&text).with_context(|| format!("{BUDGET} is no budget"))?;
    let mut found = sizes(context)?;
    found.extend(instructions(context)?);
    let is_measured = found
        .values()
        .any(|one| matches!(one, Measurement::Count(_)));
    let lines = verdict::judge(&found, &budget);
    say(&verdict::table(&lines));
    let faults = verdict::faults(&lines, BUDGET);
    if !faults.is_empty() {
        bail!("{}", faults.join("\n  "));
    }
    if is_measured {
        Ok(StepResult::Passed)
    } else {
        Ok(StepResult::NothingToDo(
            "what it is measured with is missing",
        ))
    }
}

/// The sizes of the example, as built by `guru build --release`.
fn sizes(context: &TestContext<'_>) -> Result<BTreeMap<Key, Measurement>> {
    let mut found = BTreeMap::new();
    let targets = [
        (target("cloudflare"), &["wasm-opt", "esbuild"][..]),
        (target("spin"), &["wasm-opt"]),
    ];
    for (target, tools) in targets {
        let lacks = |tool: &&&str| npm::program(context.home, tool).is_none();
        let sizes = match tools.iter().find(lacks) {
            Some(tool) => {
                let why = format!("{tool} is not installed: `guru setup` gets it");
                [Measurement::NotRun(why.clone()), Measurement::NotRun(why)]
            }
            None => built(context, target)?.map(Measurement::Count),
        };
        for (what, size) in ["gzip", "wasm"].into_iter().zip(sizes) {
            let name = format!("{}, {what}", target.name());
            found.insert((Kind::Bytes, name), size);
        }
    }
    Ok(found)
}

/// The size of all files of a target, concatenated and compressed, and the size of its module or component.
fn built(context: &TestContext<'_>, target: Target) -> Result<[u32; 2]> {
    let title = format!("building {} for {}", context.function, target.name());
    let step = context.console.step(&title);
    let build = context.build();
    let folder = artefacts::dist(context.workspace, target.name(), context.function);
    let files = target.build_into(&build, &folder)?;
    step.done();
    let read =
        |path: &PathBuf| fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let is_wasm = |path: &&PathBuf| path.extension().is_some_and(|end| end == "wasm");
    let wasm = files.iter().find(is_wasm);
    let wasm = read(wasm.context("a build without WebAssembly")?)?;
    let all = files.iter().map(read).collect::<Result<Vec<_>>>()?;
    let count = |bytes: &[u8]| u32::try_from(bytes.len()).context("an artefact has gigabytes");
    Ok([count(&artefacts::gzip(&all.concat())?)?, count(&wasm)?])
}

/// The instructions of every case of the core.
fn instructions(context: &TestContext<'_>) -> Result<BTreeMap<Key, Measurement>> {
    let gauge = PATH.build(context.workspace)?;
    let mut cases: Vec<_> = gauge.cases()?.into_keys().collect();
    cases.retain(|case| case != BY_HAND);
    let callgrind = if cfg!(target_arch = "x86_64") {
        Callgrind::find(context.home, context.console)
    } else {
        Err("the budget is that of x86-64".to_owned())
    };
    let step = context.console.step("counting instructions");
    let count = |case: String| {
        let found = match &callgrind {
            Ok(callgrind) => Measurement::Count(callgrind.instructions(&gauge, &case)?),
            Err(why) => Measurement::NotRun(why.clone()),
        };
        Ok(((Kind::Instructions, case), found))
    };
    let found = cases.into_iter().map(count).collect::<Result<_>>()?;
    step.done();
    Ok(found)
}
