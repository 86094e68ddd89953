//! Adapts spin.toml to `guru dev`.

use std::path::Path;

use anyhow::{Context as _, Result};
use toml_edit::{DocumentMut, Item, TableLike, table, value};

use crate::serving::{NOTE, Settings, of_path};

/// Replaces the source of the function's component in spin.toml, removes its build command and overrides its settings.
pub(super) fn for_development(text: &str, component: &Path, settings: &Settings) -> Result<String> {
    let mut document: DocumentMut = text.parse()?;
    let components = document
        .get_mut("component")
        .and_then(Item::as_table_like_mut)
        .context("there is no [component]")?;
    let is_ours = |component: &Item| {
        let source = component.get("source").and_then(Item::as_str);
        source.is_some_and(is_built)
    };
    let ours = components
        .iter_mut()
        .map(|(_, component)| component)
        .find(|component| is_ours(component))
        .and_then(Item::as_table_like_mut)
        .context(
            "no component has dist/spin/function.wasm as its `source`, which `guru build` makes",
        )?;
    ours.insert("source", value(of_path(component)?));
    ours.remove("build");
    environment(ours, settings)?;
    Ok(format!("{NOTE}{document}"))
}

fn is_built(source: &str) -> bool {
    let source = Path::new(source);
    source.ends_with("function.wasm") && source.components().any(|part| part.as_os_str() == "spin")
}

fn environment(component: &mut dyn TableLike, settings: &Settings) -> Result<()> {
    let environment = component
        .entry("environment")
        .or_insert_with(table)
        .as_table_like_mut()
        .context("`environment` is not a table")?;
    for (key, said) in settings.iter() {
        environment.insert(key, value(said));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> DocumentMut {
        text.parse().unwrap()
    }

    #[test]
    fn spin_runs_the_development_build_with_settings_over_its_own() {
        let said = ["A=grüß = 1, \"2\"\n'3'", "GURU_CLIENT_ADDRESS_HEADER=mine"].map(str::to_owned);
        let settings = Settings::read(None, &said).unwrap();
        for text in [
            include_str!("../../../../spin.toml"),
            "[component.x]\nsource = \"../dist/spin/x/function.wasm\"\nbuild = { command = \"x\" }\n\
             [component.y]\nsource = \"y.wasm\"\n[component.x.environment]\nB = \"kept\"\n",
        ] {
            let made =
                parsed(&for_development(text, Path::new("/d/function.wasm"), &settings).unwrap());
            let (_, ours) = made["component"].as_table().unwrap().iter().next().unwrap();
            assert_eq!(ours["source"].as_str(), Some("/d/function.wasm"));
            assert!(ours.get("build").is_none());
            let environment = &ours["environment"];
            assert_eq!(environment["A"].as_str(), Some("grüß = 1, \"2\"\n'3'"));
            assert_eq!(
                environment["GURU_CLIENT_ADDRESS_HEADER"].as_str(),
                Some("mine")
            );
            if text.contains("kept") {
                assert_eq!(environment["B"].as_str(), Some("kept"));
                assert_eq!(made["component"]["y"]["source"].as_str(), Some("y.wasm"));
            }
        }
        let none = "[component.x]\nsource = \"x.wasm\"\n";
        assert!(for_development(none, Path::new("/d/function.wasm"), &settings).is_err());
    }
}
