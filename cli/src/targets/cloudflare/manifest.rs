//! Adapts wrangler.toml to `guru dev`.

use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use guru_toolbox::{tables, workerd::NODE};
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, value};

use crate::{
    declared::Port,
    serving::{NOTE, of_path},
};

/// The lists of bindings: those of KV, and those of D1, which keeps atomic stores and databases.
const KV: &str = "kv_namespaces";
const D1: &str = "d1_databases";
/// The same for blobs, whose buckets are R2's.
const R2: &str = "r2_buckets";
/// The same for databases of PostgreSQL, which are reached by Hyperdrive.
const HYPERDRIVE: &str = "hyperdrive";

/// The same for other functions, each of which is another worker.
const SERVICES: &str = "services";

/// The worker of one of these.
const SERVICE: &str = "service";

/// What a binding is called in there.
const BINDING: &str = "binding";

/// The list of databases with migrations, the name of one, and what names its folder.
pub(super) const MIGRATIONS: (&str, &str, &str) = (D1, BINDING, "migrations_dir");

/// The address of a database's server under `wrangler dev`.
const LOCAL: &str = "localConnectionString";

/// What leads to a database on Cloudflare's network. Under `wrangler dev` it may be anything.
const ID: &str = "id";

/// Replaces the entry module of wrangler.toml, names the servers of its databases of PostgreSQL, and removes its build command:
/// wrangler runs that before anything else, and serves nothing while it fails.
pub(super) fn for_development(
    text: &str,
    entry: &Path,
    servers: &[(&str, String)],
) -> Result<String> {
    let mut document: DocumentMut = text.parse()?;
    let main = document.get("main").and_then(Item::as_str);
    let main = Path::new(main.context("there is no `main`")?);
    let is_ours = main.ends_with("worker.js")
        && main
            .components()
            .any(|part| part.as_os_str() == "cloudflare");
    if !is_ours {
        bail!(
            "its `main` is {}, and `guru dev` serves what `guru build` makes, dist/cloudflare/worker.js: serve another with \
             `wrangler dev`",
            main.display()
        );
    }
    document.insert("main", value(of_path(entry)?));
    document.remove("build");
    let bindings = document.get_mut(HYPERDRIVE);
    let bindings = bindings.and_then(Item::as_array_of_tables_mut);
    for binding in bindings.into_iter().flat_map(ArrayOfTables::iter_mut) {
        let name = binding.get(BINDING).and_then(Item::as_str);
        let server = servers.iter().find(|(own, _)| Some(*own) == name);
        if let Some((_, url)) = server.cloned() {
            // The author may have one of their own.
            binding.entry(LOCAL).or_insert_with(|| value(url));
        }
        if binding.contains_key(LOCAL) {
            binding.entry(ID).or_insert_with(|| value("local"));
        }
    }
    Ok(format!("{NOTE}{document}"))
}

/// Holds the bindings of stores to what the function declares. Returns the text with those that are missing; wrangler makes
/// what a binding without an id is of.
pub(super) fn with_stores(text: &str, ports: &[Port]) -> Result<Option<String>> {
    let mut document: DocumentMut = text.parse()?;
    let mut is_new = false;
    for port in ports {
        let kind = match port {
            Port::KeyValue { atomic: false, .. } => KV,
            Port::KeyValue { .. } | Port::Sqlite { .. } => D1,
            Port::Blob { .. } => R2,
            Port::Postgres { .. } => HYPERDRIVE,
            Port::Invoke { .. } => SERVICES,
            Port::Fetch { .. } | Port::Secret { .. } => continue,
        };
        let name = port.name();
        for other in [KV, D1, R2, HYPERDRIVE, SERVICES]
            .into_iter()
            .filter(|other| *other != kind)
        {
            ensure!(
                !tables::has(&document, other, BINDING, name),
                "`{name}` is a binding of `{other}`, and the function declares it as one of `{kind}`: correct one of them"
            );
        }
        let function = port.function();
        let service = function.as_deref().map(|function| (SERVICE, function));
        is_new |= tables::add(&mut document, kind, BINDING, name, service)?;
        if kind == HYPERDRIVE {
            is_new |= with_node(&mut document)?;
        }
    }
    Ok(is_new.then(|| document.to_string()))
}

/// Gives a manifest the stores of another one: the same ids lead to the same.
pub(super) fn with_stores_of(text: &str, own: &str) -> Result<String> {
    let (mut document, own): (DocumentMut, DocumentMut) = (text.parse()?, own.parse()?);
    for list in [KV, D1, R2] {
        if let Some(stores) = own.get(list) {
            document.insert(list, stores.clone());
        }
    }
    Ok(document.to_string())
}

/// Leads services that are other functions to those of the same stage, as `guru deploy` names them: a binding that has another service
/// than `guru build` gives it keeps that. Nothing where there is none.
pub(super) fn of_stage(text: &str, stage: &str) -> Result<Option<String>> {
    let mut document: DocumentMut = text.parse()?;
    let mut is_new = false;
    for service in tables::all_mut(&mut document, SERVICES) {
        let name = service.get(BINDING).and_then(Item::as_str);
        let usual = name.and_then(|name| Port::Invoke { name: name.into() }.function());
        let Some(usual) = usual else { continue };
        if service.get(SERVICE).and_then(Item::as_str) == Some(&usual) {
            service.insert(SERVICE, value(format!("{usual}-{stage}")));
            is_new = true;
        }
    }
    Ok(is_new.then(|| format!("{NOTE}{document}")))
}

/// The databases of PostgreSQL that the worker has bindings for, and no server under `wrangler dev`.
pub(super) fn databases(text: &str) -> Result<Vec<Port>> {
    let document: DocumentMut = text.parse()?;
    let Some(bindings) = document.get(HYPERDRIVE) else {
        return Ok(Vec::new());
    };
    let bindings = bindings.as_array_of_tables();
    let bindings = bindings.context("write `hyperdrive` as tables, `[[hyperdrive]]`")?;
    let names = bindings.iter().filter_map(|binding| {
        let name = binding.get(BINDING)?.as_str()?.to_owned();
        let is_lacking = binding.get(LOCAL).is_none();
        is_lacking.then_some(Port::Postgres { name })
    });
    Ok(names.collect())
}

/// Fails where a database of PostgreSQL has nothing that leads to it on Cloudflare's network, which wrangler does not make.
pub(super) fn check_databases(text: &str) -> Result<()> {
    let document: DocumentMut = text.parse()?;
    let bindings = document.get(HYPERDRIVE);
    let mut bindings = bindings
        .and_then(Item::as_array_of_tables)
        .into_iter()
        .flatten();
    let lacking = bindings.find(|binding| binding.get(ID).is_none());
    let name = lacking.and_then(|binding| binding.get(BINDING)?.as_str());
    ensure!(
        name.is_none(),
        "the database `{0}` has no `id` in wrangler.toml: `wrangler hyperdrive create {0} --caching-disabled true \
         --connection-string=postgres://USER:PASSWORD@HOST/DATABASE` makes one, and says it",
        name.unwrap_or_default()
    );
    Ok(())
}

/// Fails where a database that has migrations has nothing that leads to it on Cloudflare's network: wrangler makes one only as it
/// deploys the code, which needs its tables.
pub(super) fn check_migrated(text: &str, names: &[String]) -> Result<()> {
    let mut document: DocumentMut = text.parse()?;
    for table in tables::all_mut(&mut document, D1) {
        let said = |key| table.get(key).and_then(Item::as_str).unwrap_or_default();
        let name = said(BINDING);
        ensure!(
            !names.iter().any(|own| own == name) || !said("database_id").is_empty(),
            "the database `{name}` has migrations, and no `database_id` in wrangler.toml: `wrangler d1 create NAME` makes one, and says it"
        );
    }
    Ok(())
}

/// Adds the flag by which a worker has what is Node's, as what speaks to PostgreSQL needs it.
fn with_node(document: &mut DocumentMut) -> Result<bool> {
    let flags = document.entry("compatibility_flags");
    let flags = flags.or_insert_with(|| value(Array::new())).as_array_mut();
    let flags = flags.context("`compatibility_flags` is no list")?;
    let is_there = flags.iter().any(|flag| flag.as_str() == Some(NODE));
    if !is_there {
        flags.push(NODE);
    }
    Ok(!is_there)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_are_bindings_of_their_names() {
        let port = |name: &str, atomic| Port::KeyValue {
            name: name.into(),
            atomic,
        };
        let (links, counts) = (port("links", false), port("counts", true));
        let both = [counts, links];
        let bare = "name = \"a\"\n\n[build]\ncommand = \"x\"\n";
        assert_eq!(with_stores(bare, &[]).unwrap(), None);
        let made = with_stores(bare, &both).unwrap().unwrap();
        assert!(made.starts_with(bare), "{made}");
        for part in [
            "[[d1_databases]]\nbinding = \"counts\"\n",
            "[[kv_namespaces]]\nbinding = \"links\"\n",
        ] {
            assert!(made.contains(part), "{made}");
        }
        assert_eq!(with_stores(&made, &both).unwrap(), None);
        let error = with_stores(&made, &[port("links", true)])
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("links") && error.contains("d1_databases"),
            "{error}"
        );
        assert!(with_stores("kv_namespaces = 1", &both).is_err());
        let inline = "kv_namespaces = [{ binding = \"links\", id = \"x\" }]";
        assert_eq!(with_stores(inline, &both[1..]).unwrap(), None);
        assert!(with_stores(inline, &[port("other", false)]).is_err());
    }

    #[test]
    fn what_is_migrated_is_there_before() {
        let text = "[[d1_databases]]\nbinding = \"a\"\ndatabase_id = \"1\"\n\n[[d1_databases]]\nbinding = \"b\"\n";
        let check = |text: &str, names: &[&str]| {
            let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
            check_migrated(text, &names)
        };
        assert!(check(text, &[]).is_ok() && check(text, &["a"]).is_ok());
        let error = check(text, &["a", "b"]).unwrap_err().to_string();
        assert!(
            error.contains("`b`") && error.contains("d1 create"),
            "{error}"
        );
        assert!(check("d1_databases = [{ binding = \"a\" }]", &["a"]).is_err());
    }

    #[test]
    fn functions_are_services_of_the_same_stage() {
        let ports = ["image_sizes", "mine"].map(|name| Port::Invoke { name: name.into() });
        let made = with_stores("name = \"a\"\n", &ports).unwrap().unwrap();
        let wanted = "[[services]]\nbinding = \"image_sizes\"\nservice = \"image-sizes\"\n";
        assert!(made.contains(wanted), "{made}");
        assert_eq!(with_stores(&made, &ports).unwrap(), None);
        let own = made.replace("service = \"mine\"", "service = \"theirs\"");
        let staged = of_stage(&own, "dev").unwrap().unwrap();
        assert!(staged.contains("service = \"image-sizes-dev\""), "{staged}");
        assert!(staged.contains("service = \"theirs\""), "{staged}");
        let inline = "services = [{ binding = \"a\", service = \"a\" }]\n";
        let staged = of_stage(inline, "dev").unwrap().unwrap();
        assert!(staged.contains("service = \"a-dev\""), "{staged}");
        assert_eq!(of_stage("name = \"a\"\n", "dev").unwrap(), None);
    }

    fn parsed(text: &str) -> DocumentMut {
        text.parse().unwrap()
    }

    #[test]
    fn wrangler_serves_the_development_build_and_builds_nothing() {
        for text in [
            include_str!("../../../../wrangler.toml"),
            include_str!("../../../vendors/cloudflare/skeleton/wrangler.toml"),
        ] {
            let made = parsed(&for_development(text, Path::new("/d/main.js"), &[]).unwrap());
            assert_eq!(made["main"].as_str(), Some("/d/main.js"));
            assert!(made.get("build").is_none());
            let own = parsed(text);
            assert_eq!(made["name"].as_str(), own["name"].as_str());
            assert_eq!(
                made["observability"].to_string(),
                own["observability"].to_string()
            );
        }
        let refused =
            for_development("main = \"src/index.ts\"", Path::new("/d/main.js"), &[]).unwrap_err();
        assert!(refused.to_string().contains("src/index.ts"), "{refused}");
        assert!(for_development("name = \"x\"", Path::new("/d/main.js"), &[]).is_err());
    }
}
