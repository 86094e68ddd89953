//! Measures the size in bytes of what is deployed.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, Result};

use super::{
    contestant::{Contestant, Ready},
    plan::{Measure, Pair},
    report::Comparison,
};
use guru_toolbox::artefact::packed;

use crate::artefacts::gzip;

/// The sizes of both.
pub(super) fn measure(pair: &Pair, ours: &Ready, theirs: &Ready) -> Result<Vec<Comparison>> {
    let ours = deployed(pair.ours, &ours.deployed)?;
    let theirs = deployed(pair.theirs, &theirs.deployed)?;
    let mut all = vec![super::compare(
        pair,
        Measure::Bytes,
        vec![count(&ours)?],
        vec![count(&theirs)?],
    )?];
    // A zip archive is compressed already.
    if !pair.ours.is_lambda() {
        let packed = [vec![count(&gzip(&ours)?)?], vec![count(&gzip(&theirs)?)?]];
        let [ours, theirs] = packed;
        all.push(super::compare(pair, Measure::Gzip, ours, theirs)?);
    }
    Ok(all)
}

/// The deployed bytes of a contestant: the zip archive for Lambda, else its files concatenated.
fn deployed(contestant: Contestant, files: &[PathBuf]) -> Result<Vec<u8>> {
    if contestant.is_lambda() {
        let named = |file: &PathBuf| {
            file.file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned()
        };
        let files: Vec<_> = files
            .iter()
            .map(|file| (named(file), file.as_path(), 0o755))
            .collect();
        return packed(&files);
    }
    let mut all = Vec::new();
    for file in files {
        let content = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        all.extend(content);
    }
    Ok(all)
}

fn count(content: &[u8]) -> Result<f64> {
    let count = u32::try_from(content.len()).context("what is deployed has gigabytes")?;
    Ok(count.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_count_together() {
        let folder = tempfile::tempdir().unwrap();
        let files = ["a.js", "b.wasm"].map(|name| folder.path().join(name));
        for file in &files {
            fs::write(file, "x".repeat(1000)).unwrap();
        }
        let all = deployed(Contestant::GuruWorkerd, &files).unwrap();
        assert_eq!(count(&all).unwrap(), 2000.0);
        assert!(gzip(&all).unwrap().len() < 100);
        let zip = deployed(Contestant::GuruLambda, &files).unwrap();
        assert!(zip.starts_with(b"PK") && zip.len() < 1000);
    }
}
