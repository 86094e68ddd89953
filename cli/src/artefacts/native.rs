//! A function as a native server. Knows that cargo gives a program, not what it does.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::Result;

use super::{BuildContext, copy_program, program::program, routes};

/// Builds the server: a program of the function's name.
pub fn build(context: &BuildContext<'_>, folder: &Path) -> Result<PathBuf> {
    let program = program(context)?;
    routes::ask(&program)?;
    let mut to = folder.join(context.function);
    to.set_extension(env::consts::EXE_EXTENSION);
    copy_program(&program, &to)?;
    Ok(to)
}
