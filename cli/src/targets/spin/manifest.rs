//! Adapts spin.toml to `guru dev`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use toml_edit::{Array, DocumentMut, Entry, InlineTable, Item, TableLike, Value, table, value};

use crate::{
    declared::{self, Port},
    serving::{NOTE, Settings, of_path},
};

/// The list of servers that a component may reach, and what those of databases begin with there: they are the deployment's.
pub(super) const HOSTS: &str = "allowed_outbound_hosts";
const SERVER: &str = "postgres://";

/// The servers that a component may reach: those that the function declares, and its other functions, each a component of the same
/// application (<https://spinframework.dev/v3/http-outbound#local-service-chaining>). In order.
pub(super) fn hosts(ports: &[Port]) -> Result<Vec<String>> {
    let declared = declared::hosts(ports).into_iter().map(str::to_owned);
    let functions: Vec<_> = ports.iter().filter_map(Port::function).collect();
    for name in &functions {
        ensure!(
            is_variable(&name.replace('-', "_")),
            "Spin has no component `{name}`, as the port would need it: words of small letters and digits, each with a letter in front, and \
             one `-` between them; give the port another name"
        );
    }
    let mut hosts: Vec<_> = declared
        .chain(
            functions
                .iter()
                .map(|name| format!("http://{name}.spin.internal")),
        )
        .collect();
    hosts.sort_unstable();
    Ok(hosts)
}

/// Replaces the source of the function's component in spin.toml, removes its build command and overrides its settings.
pub(super) fn for_development(
    text: &str,
    component: &Path,
    settings: &Settings,
    servers: &[&str],
    secrets: &[String],
) -> Result<String> {
    let mut document: DocumentMut = text.parse()?;
    let ours = ours(&mut document)?;
    ours.insert("source", value(of_path(component)?));
    ours.remove("build");
    environment(ours, settings, secrets)?;
    if !servers.is_empty() {
        let allowed = ours.entry(HOSTS).or_insert_with(|| value(Array::new()));
        let allowed = allowed.as_array_mut();
        let allowed = allowed.with_context(|| format!("`{HOSTS}` is no list"))?;
        allowed.extend(servers.iter().map(|server| format!("{SERVER}{server}")));
    }
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
            .filter(|name| *key != HOSTS || !name.starts_with(SERVER))
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

/// Gives a component a variable for each of its secrets, and for each of its databases one with the URL of a server. Returns the
/// text with those that are missing.
///
/// # Errors
///
/// When the component may reach no server at all.
pub(super) fn with_variables(text: &str, ports: &[Port], is_final: bool) -> Result<Option<String>> {
    let mut document: DocumentMut = text.parse()?;
    let databases = ports.iter().filter(|port| port.is_postgres());
    let databases: Vec<_> = databases.map(|port| variable(port.name())).collect();
    let secrets: Vec<_> = ports.iter().filter_map(secret).collect();
    if databases.is_empty() && secrets.is_empty() {
        return Ok(None);
    }
    let component = ours(&mut document)?;
    let is_allowed = component
        .get(HOSTS)
        .and_then(Item::as_array)
        .is_some_and(|allowed| {
            let mut allowed = allowed.iter().filter_map(Value::as_str);
            allowed.any(|host| host.starts_with(SERVER))
        });
    // `guru dev` adds the one that it starts.
    ensure!(
        is_allowed || !is_final || databases.is_empty(),
        "it allows no server for the function's databases: add its host and port to `{HOSTS}`, as \"{SERVER}db.example.com:5432\""
    );
    for name in databases.iter().chain(&secrets) {
        ensure!(
            is_variable(name),
            "Spin has no variable `{name}`, as the port would need it: words of small letters and digits, each with a letter in \
             front, and one `_` between them; give the port another name"
        );
    }
    let mut is_new = false;
    // One that is not set is empty, which a secret cannot be.
    for (names, prefix, key, rest) in [
        (&databases, "", "required", Value::from(true)),
        (&secrets, SECRET, "default", Value::from("")),
    ] {
        let own = names.iter().map(|name| {
            (
                format!("{prefix}{name}"),
                value(format!("{{{{ {name} }}}}")),
            )
        });
        is_new |= add(ours(&mut document)?.entry("variables"), own.collect())?;
        let variable = InlineTable::from_iter([(key, rest), ("secret", true.into())]);
        let all = names
            .iter()
            .map(|name| (name.clone(), value(variable.clone())));
        is_new |= add(document.entry("variables"), all.collect())?;
    }
    Ok(is_new.then(|| document.to_string()))
}

/// What the component's variables for its secrets begin with: it can ask for no other ones by the name of a secret.
const SECRET: &str = "guru_secret_";

/// Whether Spin takes a name for a variable; for a component with `-` in place of `_`.
fn is_variable(name: &str) -> bool {
    name.split('_').all(|word| {
        word.starts_with(|first: char| first.is_ascii_lowercase())
            && word
                .chars()
                .all(|char| char.is_ascii_lowercase() || char.is_ascii_digit())
    })
}

/// The variable of a secret, if the port is one.
pub(super) fn secret(port: &Port) -> Option<String> {
    port.secret().map(|name| name.to_lowercase())
}

/// Adds variables to a table. Whether it lacked one.
fn add(variables: Entry<'_>, wanted: Vec<(String, Item)>) -> Result<bool> {
    if wanted.is_empty() {
        return Ok(false);
    }
    let all = variables.or_insert_with(table).as_table_like_mut();
    let all = all.context("`variables` is not a table")?;
    let mut is_new = false;
    for (name, item) in wanted {
        is_new |= !all.contains_key(&name);
        all.entry(&name).or_insert(item);
    }
    Ok(is_new)
}

/// The variable that says where the server of a database is.
pub(super) fn variable(port: &str) -> String {
    format!("guru_port_{}", port.to_lowercase())
}

/// Where `spin up` keeps the stores of a function: a file for each, in this folder.
pub(super) fn runtime_config(folder: &Path, ports: &[Port]) -> Result<String> {
    let mut text = NOTE.to_owned();
    for port in ports {
        let kind = match port {
            Port::KeyValue { atomic: false, .. } => "key_value_store",
            Port::KeyValue { .. } | Port::Sqlite { .. } => "sqlite_database",
            // Spin has no service for blobs: a function that declares some is refused.
            Port::Blob { .. }
            | Port::Fetch { .. }
            | Port::Postgres { .. }
            | Port::Invoke { .. }
            | Port::Secret { .. } => continue,
        };
        let name = port.name();
        let path = sqlite_file(folder, name);
        text += &format!(
            "[{kind}.{name}]\ntype = \"spin\"\npath = {}\n",
            value(of_path(&path)?)
        );
    }
    Ok(text)
}

/// The file of a store or a database here.
pub(super) fn sqlite_file(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.db"))
}

fn is_built(source: &str) -> bool {
    let source = Path::new(source);
    source.ends_with("function.wasm") && source.components().any(|part| part.as_os_str() == "spin")
}

fn environment(
    component: &mut dyn TableLike,
    settings: &Settings,
    secrets: &[String],
) -> Result<()> {
    let environment = component
        .entry("environment")
        .or_insert_with(table)
        .as_table_like_mut()
        .context("`environment` is not a table")?;
    let shown = settings
        .of_function()
        .filter(|(key, _)| !secrets.iter().any(|secret| secret == key));
    for (key, said) in shown {
        environment.insert(key, value(said));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_components_that_are_allowed() {
        let port = |name: &str| Port::Invoke { name: name.into() };
        let both = hosts(&[port("image_sizes"), port("Mine")]).unwrap();
        let wanted = [
            "http://image-sizes.spin.internal",
            "http://mine.spin.internal",
        ];
        assert_eq!(both, wanted);
        for name in ["a__b", "_a", "b_2", "ä"] {
            let error = hosts(&[port(name)]).unwrap_err().to_string();
            assert!(error.contains("give the port another name"), "{error}");
        }
    }

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
            let made = parsed(
                &for_development(text, Path::new("/d/function.wasm"), &settings, &[], &[]).unwrap(),
            );
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
        assert!(for_development(none, Path::new("/d/function.wasm"), &settings, &[], &[]).is_err());
    }

    #[test]
    fn databases_have_a_secret_variable_and_a_server_that_is_allowed() {
        let port = Port::Postgres { name: "Db".into() };
        let ports = [port];
        let bare = "[component.x]\nsource = \"dist/spin/function.wasm\"\n";
        let error = with_variables(bare, &ports, true).unwrap_err().to_string();
        assert!(error.contains("5432"), "{error}");
        let made = with_variables(bare, &ports, false).unwrap().unwrap();
        let document = parsed(&made);
        let name = "guru_port_db";
        assert_eq!(
            document["component"]["x"]["variables"][name].as_str(),
            Some("{{ guru_port_db }}")
        );
        assert_eq!(document["variables"][name]["secret"].as_bool(), Some(true));
        assert_eq!(with_variables(&made, &ports, false).unwrap(), None);
        assert_eq!(with_variables(bare, &[], true).unwrap(), None);
        let secret = [Port::Secret {
            name: "Token".into(),
        }];
        let hidden = parsed(&with_variables(bare, &secret, true).unwrap().unwrap());
        assert_eq!(hidden["variables"]["token"]["default"].as_str(), Some(""));
        let own = &hidden["component"]["x"]["variables"];
        assert_eq!(own["guru_secret_token"].as_str(), Some("{{ token }}"));
        assert!(own.get("token").is_none());
        for name in ["a__b", "_a", "key_2", "ä"] {
            let odd = [Port::Secret { name: name.into() }];
            let error = with_variables(bare, &odd, true).unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
        let settings = Settings::read(None, &[]).unwrap();
        let path = Path::new("/d/spin/function.wasm");
        let served = for_development(&made, path, &settings, &["127.0.0.1:5"], &[]).unwrap();
        let hosts = &parsed(&served)["component"]["x"][HOSTS];
        assert_eq!(hosts[0].as_str(), Some("postgres://127.0.0.1:5"));
        let list = (HOSTS, Vec::new());
        assert_eq!(with_lists(&served, &[list]).unwrap(), None);
        assert!(with_variables(&served, &ports, true).unwrap().is_none());
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
