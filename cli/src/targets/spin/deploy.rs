//! Deploys to hosts of Spin applications with `spin PLUGIN deploy`.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail, ensure};
use toml_edit::{DocumentMut, Item, value};

use crate::{
    artefacts::{self, wasi},
    child,
    deployment::{Deployed, Deployment, Missing},
    files, tool,
};

/// The plugin of Akamai's hosting; Fermyon Cloud's is `cloud`.
const PLUGIN: &str = "aka";

pub(super) fn deploy(deployment: &Deployment<'_>) -> Result<Option<Deployed>> {
    let options = deployment.options;
    let spin = tool::find("SPIN_BIN", || which::which("spin").ok());
    let plugin = plugin();
    let spelt = child::quote(spin.as_deref().unwrap_or(Path::new("spin")).as_os_str());
    if options.delete {
        bail!(
            "which application is meant, only its host knows: `{spelt} {plugin} --help` has the command that deletes one"
        );
    }
    let mut missing = Missing::default();
    let has_plugin = spin
        .as_deref()
        .is_some_and(|spin| child::succeeds(Command::new(spin).args([&*plugin, "--help"])));
    let spin = missing.note(spin.context(
        "spin is not on PATH: install it as https://spinframework.dev says, or name one in SPIN_BIN",
    ));
    let manifest = missing.note(deployment.manifest("spin.toml"));
    if !options.dry_run && !has_plugin {
        missing.add(format!(
            "spin has no plugin `{plugin}`: `{spelt} plugins install {plugin}` gets it, then `{spelt} {plugin} login`; \
             SPIN_DEPLOY_PLUGIN names another"
        ));
    }
    missing.end()?;
    let (Some(spin), Some(manifest)) = (spin, manifest) else {
        bail!("something is missing that was not said");
    };
    let folder = artefacts::dist(
        deployment.context.workspace,
        super::NAME,
        deployment.context.function,
    );
    // Stays locked until it is deployed, so that this very release is pushed.
    let output = deployment.context.hold(&folder)?;
    deployment.context.fill(&output, |draft| {
        Ok(vec![wasi::build(&deployment.context, draft)?])
    })?;
    let staged = staged(&manifest, &deployment.name, &folder)?;
    let mut command = Command::new(spin);
    command
        .args([&*plugin, "deploy", "--from"])
        .arg(staged)
        .args(&options.more);
    let said = deployment.run(&mut command)?;
    let url = said
        .split_whitespace()
        .find(|word| word.starts_with("https://"));
    Ok(url.map(|url| Deployed {
        url: url.to_owned(),
        header: None,
    }))
}

/// The deployment plugin.
pub(super) fn plugin() -> String {
    let named = env::var("SPIN_DEPLOY_PLUGIN")
        .ok()
        .filter(|name| !name.is_empty());
    named.unwrap_or_else(|| PLUGIN.to_owned())
}

/// Writes a manifest beside the component that names the application after its stage.
fn staged(manifest: &Path, name: &str, folder: &Path) -> Result<PathBuf> {
    let text = std::fs::read_to_string(manifest)
        .with_context(|| format!("cannot read {}", manifest.display()))?;
    let path = folder.join(format!("{name}.toml"));
    let text = rename(&text, name)
        .with_context(|| format!("{} cannot be deployed", manifest.display()))?;
    files::write(&path, &text)?;
    Ok(path)
}

fn rename(text: &str, name: &str) -> Result<String> {
    let mut document: DocumentMut = text.parse()?;
    let application = document
        .get_mut("application")
        .and_then(Item::as_table_like_mut);
    application
        .context("there is no [application]")?
        .insert("name", value(name));
    let components = document
        .get_mut("component")
        .and_then(Item::as_table_like_mut);
    let components = components.context("there is no [component]")?;
    ensure!(
        components.len() == 1
            && components
                .iter()
                .all(|(_, component)| component.get("files").is_none()),
        "it has more than one component, or files beside it: deploy it by hand with `spin aka deploy --from spin.toml`"
    );
    for (_, component) in components.iter_mut() {
        let component = component
            .as_table_like_mut()
            .context("a component is no table")?;
        component.insert("source", value("function.wasm"));
        // The component is built already.
        component.remove("build");
    }
    Ok(document.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_renamed_and_nothing_else() {
        let text = rename(include_str!("../../../../spin.toml"), "meditations-dev").unwrap();
        assert!(text.contains("name = \"meditations-dev\""), "{text}");
        assert!(text.contains("source = \"function.wasm\""), "{text}");
        assert!(
            text.contains("spin-client-addr") && !text.contains("cargo guru build"),
            "{text}"
        );
        assert!(rename("a = 1", "x").is_err());
    }
}
