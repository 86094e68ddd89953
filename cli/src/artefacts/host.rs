//! Compiles a component ahead of time for the host on this machine.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;

use super::{BuildContext, wasi};
use crate::{cargo, child, wait};

/// Builds the function's component and precompiles it to `function.cwasm`, both in `folder`; returns the path of the latter.
pub fn compiled(context: &BuildContext<'_>, folder: &Path) -> Result<PathBuf> {
    let component = wasi::build(context, folder)?;
    let compiled = folder.join("function.cwasm");
    compile(context, &component, &compiled)?;
    Ok(compiled)
}

/// Compiles a component ahead of time for the host on this machine.
pub fn compile(context: &BuildContext<'_>, component: &Path, compiled: &Path) -> Result<()> {
    let host = wait::build(context.console, context.workspace, cargo::HOST, false)?;
    let mut compile = Command::new(host);
    child::output(compile.arg("compile").arg(component).arg(compiled)).map(drop)
}
