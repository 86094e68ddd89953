//! A component compiled ahead of time, for the host that runs here. Knows who compiles it, not who hosts it.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;

use super::{BuildContext, wasi};
use crate::{cargo, child, wait};

/// The function's component, and `function.cwasm` made of it, both in `folder`; says where the second is.
pub fn compiled(context: &BuildContext<'_>, folder: &Path) -> Result<PathBuf> {
    let component = wasi::build(context, folder)?;
    let compiled = folder.join("function.cwasm");
    compile(context, &component, &compiled)?;
    Ok(compiled)
}

/// Compiles a component for the host that runs here.
pub fn compile(context: &BuildContext<'_>, component: &Path, compiled: &Path) -> Result<()> {
    let host = wait::build(context.console, context.workspace, cargo::HOST, false)?;
    let mut compile = Command::new(host);
    child::output(compile.arg("compile").arg(component).arg(compiled)).map(drop)
}
