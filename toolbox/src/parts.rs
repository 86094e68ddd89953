//! What cargo builds of a function's package.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};
use cargo_metadata::{CrateType, Package};
use serde::Deserialize as _;

use crate::declared::KINDS;

/// The targets of a function's package.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Parts {
    /// The package id, which is unique even where the name is not.
    pub(crate) id: String,
    /// The crate name of its library.
    pub(crate) library: String,
    /// The manifest's `default-run`.
    pub(crate) default: Option<String>,
    /// Its binaries, each with whether it is `src/main.rs`.
    pub(crate) programs: Vec<(String, bool)>,
    /// Its features, each with those that it enables.
    pub(crate) features: BTreeMap<String, Vec<String>>,
    /// The manifest's `[package.metadata.guru]`.
    pub(crate) metadata: serde_json::Value,
}

impl From<&Package> for Parts {
    fn from(package: &Package) -> Self {
        let library = package
            .targets
            .iter()
            .find(|target| target.crate_types.contains(&CrateType::CDyLib));
        let programs = package.targets.iter().filter(|target| target.is_bin());
        Self {
            id: package.id.to_string(),
            library: library
                .map(|target| target.name.replace('-', "_"))
                .unwrap_or_default(),
            default: package.default_run.clone(),
            programs: programs
                .map(|target| {
                    (
                        target.name.clone(),
                        target.src_path.ends_with("src/main.rs"),
                    )
                })
                .collect(),
            features: package.features.clone(),
            metadata: package.metadata.get("guru").cloned().unwrap_or_default(),
        }
    }
}

impl Parts {
    /// The function's server: the manifest's `default-run`, else the package's own binary, else the only one.
    pub(crate) fn server(&self, function: &str) -> Result<&str> {
        let named = |name: &str| self.programs.iter().find(|(known, _)| known == name);
        let main = self.programs.iter().find(|(_, is_main)| *is_main);
        let default = self.default.as_deref();
        let found = match default {
            Some(name) => named(name),
            None => main.or_else(|| named(function)),
        };
        match (found, &*self.programs) {
            (Some((name, _)), _) | (None, [(name, _)]) => Ok(name),
            (None, []) => bail!(
                "{function} has no program: put `guru::main!({}::app);` into its src/main.rs",
                self.library
            ),
            (None, several) => {
                let names: Vec<_> = several.iter().map(|(name, _)| &**name).collect();
                bail!(
                    "{function} has the programs {}: say in its Cargo.toml which is the server, with `default-run = \"NAME\"` below [package]",
                    names.join(", ")
                )
            }
        }
    }
}

/// The default features that a target gets which lacks ports that others of them need.
#[derive(Debug, PartialEq, Eq)]
pub struct Reduced {
    /// Those that are left.
    pub features: Vec<String>,
    /// Those that are left out, each with the kind of port.
    pub without: Vec<(String, String)>,
}

impl Reduced {
    /// What is left out, and why; not what was asked for.
    pub fn reasons(&self, asked: &[String]) -> impl Iterator<Item = String> {
        let without = self.without.iter().filter(|(own, _)| !asked.contains(own));
        without.map(|(feature, kind)| {
            format!("without the feature `{feature}`: this target has no {kind}")
        })
    }

    /// The options by which cargo leaves it out.
    #[must_use]
    pub fn options(&self) -> [String; 3] {
        let features = self.features.join(",");
        [
            "--no-default-features".into(),
            "--features".into(),
            features,
        ]
    }
}

impl Parts {
    /// The default features for a target that lacks these kinds of ports: without those that need one, by `[package.metadata.guru.needs]`,
    /// and those that enable one of these. `None` where that leaves all.
    pub(crate) fn reduced(&self, lacks: &[String]) -> Result<Option<Reduced>> {
        let Some(said) = self.metadata.get("needs") else {
            return Ok(None);
        };
        let needs = BTreeMap::<String, Vec<String>>::deserialize(said).context(
            "[package.metadata.guru.needs] names the kinds of ports that features need, as in `search = [\"sqlite\"]`",
        )?;
        for (feature, kinds) in &needs {
            let known = self.features.contains_key(feature);
            ensure!(
                known,
                "[package.metadata.guru.needs]: there is no feature `{feature}`"
            );
            let unknown = kinds.iter().find(|kind| !KINDS.contains(&kind.as_str()));
            if let Some(unknown) = unknown {
                bail!(
                    "[package.metadata.guru.needs]: `{unknown}` is no kind of port: these are {}",
                    KINDS.join(", ")
                );
            }
        }
        let defaults = self.features.get("default").map_or(&[][..], Vec::as_slice);
        let mut without = Vec::new();
        let mut features = Vec::new();
        for feature in defaults {
            match self.lacking(feature, &needs, lacks, &mut Vec::new()) {
                Some(kind) => without.push((feature.clone(), kind)),
                None => features.push(feature.clone()),
            }
        }
        Ok((!without.is_empty()).then_some(Reduced { features, without }))
    }

    /// What a feature needs, itself or by others that it enables, and is lacking.
    fn lacking<'a>(
        &'a self,
        feature: &'a str,
        needs: &BTreeMap<String, Vec<String>>,
        lacks: &[String],
        seen: &mut Vec<&'a str>,
    ) -> Option<String> {
        if seen.contains(&feature) {
            return None;
        }
        seen.push(feature);
        let own = needs.get(feature).into_iter().flatten();
        if let Some(kind) = own.into_iter().find(|kind| lacks.contains(kind)) {
            return Some(kind.clone());
        }
        let enabled = self.features.get(feature).into_iter().flatten();
        enabled
            .into_iter()
            .find_map(|enabled| self.lacking(enabled, needs, lacks, seen))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(needs: serde_json::Value) -> Parts {
        let features = [
            ("default", &["all", "guru/secret"][..]),
            ("all", &["pictures", "search"]),
            ("pictures", &["guru/blob"]),
            ("search", &[]),
        ];
        let features = features.map(|(name, enabled)| {
            let enabled = enabled.iter().map(|name| (*name).to_owned());
            (name.to_owned(), enabled.collect())
        });
        Parts {
            features: features.into(),
            metadata: serde_json::json!({ "needs": needs }),
            ..Parts::default()
        }
    }

    #[test]
    fn a_target_gets_no_feature_that_needs_what_it_lacks() {
        let mut parts = parts(serde_json::json!({"pictures": ["blob"], "search": ["sqlite"]}));
        let reduced = |parts: &Parts, lacks: &[&str]| {
            let lacks: Vec<_> = lacks.iter().map(|kind| (*kind).to_owned()).collect();
            let reduced = parts.reduced(&lacks).unwrap();
            reduced.map(|reduced| (reduced.features.join(" "), format!("{:?}", reduced.without)))
        };
        assert_eq!(reduced(&parts, &[]), None);
        assert_eq!(reduced(&parts, &["postgres"]), None);
        let all = Some(("guru/secret".into(), r#"[("all", "blob")]"#.into()));
        assert_eq!(reduced(&parts, &["blob"]), all);
        let own = ["search", "pictures"].map(str::to_owned);
        parts.features.insert("default".into(), own.into());
        let one = Some(("pictures".into(), r#"[("search", "sqlite")]"#.into()));
        assert_eq!(reduced(&parts, &["sqlite"]), one);
        parts.metadata = serde_json::Value::Null;
        assert_eq!(reduced(&parts, &["sqlite"]), None);
    }

    #[test]
    fn needs_that_mean_nothing_are_refused() {
        for (needs, why) in [
            (serde_json::json!({"other": ["blob"]}), "no feature `other`"),
            (serde_json::json!({"search": ["sql"]}), "fetch, key-value"),
            (serde_json::json!({"search": "sqlite"}), "as in"),
        ] {
            let error = parts(needs).reduced(&[]).unwrap_err();
            assert!(format!("{error:#}").contains(why), "{error:#}");
        }
    }

    #[test]
    fn the_server_is_the_packages_own_program() {
        // The manifest's `default-run`, the binaries (a star marks src/main.rs), and the expected server.
        type Case<'a> = (Option<&'a str>, &'a [&'a str], Result<&'a str, &'a str>);
        let cases: [Case<'_>; 10] = [
            (None, &["hello*"], Ok("hello")),
            (None, &["hello*", "other"], Ok("hello")),
            (None, &["admin", "hello*", "zebra"], Ok("hello")),
            (None, &["server*", "other"], Ok("server")),
            (None, &["other"], Ok("other")),
            (None, &["hello", "other"], Ok("hello")),
            (Some("other"), &["hello*", "other"], Ok("other")),
            (None, &["a", "b"], Err("default-run")),
            (None, &[], Err("guru::main!(my_lib::app);")),
            (Some("gone"), &["a", "b"], Err("default-run")),
        ];
        for (default, programs, want) in cases {
            let parts = Parts {
                library: "my_lib".into(),
                default: default.map(str::to_owned),
                programs: programs
                    .iter()
                    .map(|name| (name.trim_end_matches('*').to_owned(), name.ends_with('*')))
                    .collect(),
                ..Parts::default()
            };
            match (parts.server("hello"), want) {
                (Ok(found), Ok(want)) => assert_eq!(found, want, "{programs:?}"),
                (Err(error), Err(word)) => assert!(error.to_string().contains(word), "{error}"),
                other => panic!("{programs:?}: {other:?}"),
            }
        }
    }
}
