//! Builds a function as a native server.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::Result;

use super::{BuildContext, copy_program, program::program};
use guru_toolbox::trial::accepts;

/// Builds the server, a program named after the function.
pub fn build(context: &BuildContext<'_>, folder: &Path) -> Result<PathBuf> {
    let program = program(context)?;
    accepts(&program)?;
    let mut to = folder.join(context.function);
    to.set_extension(env::consts::EXE_EXTENSION);
    copy_program(&program, &to)?;
    Ok(to)
}
