//! A function for AWS Lambda: the bootstrap, and beside it the very component that Spin runs, compiled ahead of time. Knows
//! what Lambda's machines are, not what an invocation is.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};

use super::{Scene, folder, spin, write};
use crate::{args::Vendor, cargo, child};

/// The newest C library that `provided.al2023` has, which is glibc 2.34
/// (<https://docs.aws.amazon.com/linux/al2023/ug/core-glibc.html>).
const GLIBC: u32 = 34;

/// Builds `bootstrap` and `function.cwasm`.
pub(super) fn build(scene: &Scene<'_>) -> Result<()> {
    let compiled = compiled(scene)?;
    let bootstrap = cargo::BOOTSTRAP.build(scene.workspace, true)?;
    let program =
        fs::read(&bootstrap).with_context(|| format!("cannot read {}", bootstrap.display()))?;
    if let Some(version) = glibc(&program).filter(|version| *version > GLIBC) {
        bail!(
            "the bootstrap needs glibc 2.{version}, and provided.al2023 has 2.{GLIBC}: build it on an older \
             system, or for a musl target"
        );
    }
    let to = scene.folder.join("bootstrap");
    write(&to, &program)?;
    fs::set_permissions(&to, fs::metadata(&bootstrap)?.permissions())
        .with_context(|| format!("cannot make {} executable", to.display()))?;
    scene.console.note(&format!(
        "{}: a bootstrap of {} KB, and {} KB compiled; in {}",
        scene.function,
        program.len().div_ceil(1024),
        fs::metadata(&compiled)?.len().div_ceil(1024),
        scene.folder.display()
    ));
    Ok(())
}

/// The component that Spin runs, where Spin reads it, and `function.cwasm` made of it.
pub(crate) fn compiled(scene: &Scene<'_>) -> Result<PathBuf> {
    let of_spin = folder(scene.workspace, Vendor::Spin, scene.function);
    let component = spin::build(&Scene {
        folder: &of_spin,
        ..*scene
    })?;
    fs::create_dir_all(scene.folder)
        .with_context(|| format!("cannot create {}", scene.folder.display()))?;
    let compiled = scene.folder.join("function.cwasm");
    compile(scene, &component, &compiled)?;
    Ok(compiled)
}

fn compile(scene: &Scene<'_>, component: &Path, compiled: &Path) -> Result<()> {
    let host = cargo::HOST.build(scene.workspace, false)?;
    let mut compile = Command::new(host);
    child::output(compile.arg("compile").arg(component).arg(compiled)).map(drop)
}

/// The newest version of glibc, of those that begin with 2, whose symbols a program needs.
fn glibc(program: &[u8]) -> Option<u32> {
    const NAME: &[u8] = b"GLIBC_2.";
    let names = program.windows(NAME.len()).enumerate();
    let versions = names
        .filter(|(_, window)| *window == NAME)
        .filter_map(|(at, _)| {
            let rest = program.get(at + NAME.len()..)?;
            let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            std::str::from_utf8(rest.get(..length)?).ok()?.parse().ok()
        });
    versions.max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_glibc_counts() {
        let cases: [(&[u8], _); 4] = [
            (b"\0GLIBC_2.2.5\0GLIBC_2.34\0GLIBC_2.17\0", Some(34)),
            (b"GLIBC_2.9", Some(9)),
            (b"GLIBC_PRIVATE", None),
            (b"", None),
        ];
        for (program, want) in cases {
            assert_eq!(glibc(program), want);
        }
    }
}
