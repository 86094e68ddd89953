//! Adapts spin.toml to `guru dev`.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use toml_edit::{DocumentMut, Item, TableLike, Value, table, value};

use crate::{
    declared::Port,
    serving::{NOTE, Settings, of_path},
};

/// Replaces the source of the function's component in spin.toml, removes its build command and overrides its settings.
pub(super) fn for_development(text: &str, component: &Path, settings: &Settings) -> Result<String> {
    let mut document: DocumentMut = text.parse()?;
    let ours = ours(&mut document)?;
    ours.insert("source", value(of_path(component)?));
    ours.remove("build");
    environment(ours, settings)?;
    Ok(format!("{NOTE}{document}"))
}

/// The function's own component.
fn ours(document: &mut DocumentMut) -> Result<&mut dyn TableLike> {
    let components = document
        .get_mut("component")
        .and_then(Item::as_table_like_mut)
        .context("there is no [component]")?;
    let is_ours = |component: &Item| {
        let source = component.get("source").and_then(Item::as_str);
        source.is_some_and(is_built)
    };
    components
        .iter_mut()
        .map(|(_, component)| component)
        .find(|component| is_ours(component))
        .and_then(Item::as_table_like_mut)
        .context(
            "no component has dist/spin/function.wasm as its `source`, which `guru build` makes",
        )
}

/// Holds what a component may use to what the function declares, a list for each key: Spin refuses anything else. Returns the
/// text with the lists that are missing.
pub(super) fn with_lists(text: &str, lists: &[(&str, Vec<&str>)]) -> Result<Option<String>> {
    let mut document: DocumentMut = text.parse()?;
    let ours = ours(&mut document)?;
    let mut is_new = false;
    for (key, declared) in lists {
        let wanted = Value::from_iter(declared.iter().copied());
        let Some(there) = ours.get(key) else {
            if !declared.is_empty() {
                ours.insert(key, value(wanted));
                is_new = true;
            }
            continue;
        };
        let allowed = there.as_array().into_iter().flatten();
        let mut allowed: Vec<_> = allowed
            .map(|name| name.as_str().unwrap_or_default())
            .collect();
        allowed.sort_unstable();
        allowed.dedup();
        ensure!(
            there.is_array() && allowed == *declared,
            "its `{key}` is not what the function declares with `guru::ports!`; correct one of them:\n\
             - {key} = {}\n+ {key} = {wanted}",
            there.to_string().trim()
        );
    }
    Ok(is_new.then(|| document.to_string()))
}

/// Where `spin up` keeps the stores of a function: a file for each, in this folder.
pub(super) fn runtime_config(folder: &Path, ports: &[Port]) -> Result<String> {
    let mut text = NOTE.to_owned();
    for port in ports {
        let kind = match port {
            Port::KeyValue { atomic: false, .. } => "key_value_store",
            Port::KeyValue { .. } | Port::Sqlite { .. } => "sqlite_database",
            // Spin has no service for blobs: a function that declares some is refused.
            Port::Blob { .. } | Port::Fetch { .. } => continue,
        };
        let name = port.name();
        let path = folder.join(format!("{name}.db"));
        text += &format!(
            "[{kind}.{name}]\ntype = \"spin\"\npath = {}\n",
            value(of_path(&path)?)
        );
    }
    Ok(text)
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
    for (key, said) in settings.of_function() {
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

    #[test]
    fn hosts_are_those_that_the_function_declares() {
        let with =
            |hosts: &str| format!("[component.x]\nsource = \"dist/spin/function.wasm\"\n{hosts}");
        let one = "allowed_outbound_hosts = [\"https://a.example\"]\n";
        for (hosts, declared, wanted) in [
            ("", &[][..], Some(None)),
            ("allowed_outbound_hosts = []\n", &[], Some(None)),
            ("", &["https://a.example"], Some(Some(one))),
            (one, &["https://a.example"], Some(None)),
            (one, &["https://b.example"], None),
            (one, &[], None),
            (
                "allowed_outbound_hosts = []\n",
                &["https://a.example"],
                None,
            ),
            (
                "allowed_outbound_hosts = \"https://a.example\"\n",
                &["https://a.example"],
                None,
            ),
        ] {
            let list = ("allowed_outbound_hosts", declared.to_vec());
            let made = with_lists(&with(hosts), &[list]);
            match wanted {
                Some(wanted) => assert_eq!(made.unwrap(), wanted.map(with), "{hosts} {declared:?}"),
                None => {
                    let error = made.unwrap_err().to_string();
                    assert!(
                        error.contains("\n- allowed") && error.contains("\n+ allowed"),
                        "{error}"
                    );
                }
            }
        }
    }
}
