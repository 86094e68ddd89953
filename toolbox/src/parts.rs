//! What cargo builds of a function's package.

use anyhow::{Result, bail};
use cargo_metadata::{CrateType, Package};

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

#[cfg(test)]
mod tests {
    use super::*;

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
