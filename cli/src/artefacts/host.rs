//! Compiles a component ahead of time for the host on this machine.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;

use super::{BuildContext, wasi};
use crate::{
    cargo, child,
    declared::{self, Port},
    wait,
};

/// Builds the function's component and precompiles it to `function.cwasm`, both in `folder`; returns the path of the latter.
/// With it come the ports that the function declares.
pub fn compiled(context: &BuildContext<'_>, folder: &Path) -> Result<(PathBuf, Vec<Port>)> {
    let component = wasi::build(context, folder)?;
    let compiled = folder.join("function.cwasm");
    compile(context, &component, &compiled)?;
    let ports = declared::declared(&fs::read(&component)?)?;
    Ok((compiled, ports))
}

/// Compiles a component ahead of time for the host on this machine.
pub fn compile(context: &BuildContext<'_>, component: &Path, compiled: &Path) -> Result<()> {
    let host = wait::build(context.console, context.workspace, cargo::HOST, false)?;
    let mut compile = Command::new(host);
    child::output(compile.arg("compile").arg(component).arg(compiled)).map(drop)
}
