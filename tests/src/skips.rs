//! The cases that a target is known not to pass, each with its reason: `tests/vectors/skips.json`.

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

use crate::vector::Vector;

/// A case that is skipped on one target.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Skip {
    /// The target's name.
    pub target: String,
    /// The vector's name.
    pub vector: String,
    /// The reason, in one line.
    pub reason: String,
    /// The missing capability, by its name in docs/portability.md.
    pub capability: String,
}

/// Parses the skips in `text`. Each must match one of `targets` and one of `vectors`: a leftover skip would hide the next case of
/// its name.
pub fn read(text: &str, targets: &[&str], vectors: &[Vector]) -> Result<Vec<Skip>> {
    let skips: Vec<Skip> = serde_json::from_str(text).context("tests/vectors/skips.json")?;
    for skip in &skips {
        let Skip {
            target,
            vector,
            reason,
            capability,
        } = skip;
        if !targets.contains(&target.as_str()) {
            bail!(
                "tests/vectors/skips.json: `{vector}` is skipped on `{target}`, which is no target: remove or correct it"
            );
        }
        if !vectors.iter().any(|known| known.name == *vector) {
            bail!(
                "tests/vectors/skips.json: `{vector}`, skipped on `{target}`, is no vector: remove or correct it"
            );
        }
        for (what, said) in [("reason", reason), ("capability", capability)] {
            ensure!(
                !said.trim().is_empty(),
                "tests/vectors/skips.json: `{vector}` on `{target}` has no {what}"
            );
        }
    }
    Ok(skips)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vector::{SKIPS, suite};

    fn refusal(text: &str) -> String {
        read(text, &["local"], &suite().unwrap())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn the_file_is_sound() {
        let all = crate::driver::drivers().unwrap();
        let targets: Vec<&str> = all.iter().map(|driver| driver.name()).collect();
        read(SKIPS, &targets, &suite().unwrap()).unwrap();
    }

    #[test]
    fn a_skip_that_matches_nothing_is_refused() {
        let skip = |target: &str, vector: &str, reason: &str| {
            format!(
                r#"[{{"target":"{target}","vector":"{vector}","reason":"{reason}","capability":"c"}}]"#
            )
        };
        assert!(
            refusal(&skip("moon", "path/trailing-slash-is-significant", "r")).contains("no target")
        );
        assert!(refusal(&skip("local", "path/never-was", "r")).contains("is no vector"));
        assert!(
            refusal(&skip("local", "path/trailing-slash-is-significant", " "))
                .contains("has no reason")
        );
    }
}
