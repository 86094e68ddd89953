//! Runs a worker under workerd itself, from its modules and a configuration in the same folder.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};

use guru_toolbox::workerd::{SOCKET, configuration};

use super::{
    BenchContext,
    contestant::{Ready, Recipe, Refusal},
    tools,
};
use crate::files;

/// Prepares a worker of the modules in `folder`, the first of which is its entry.
pub(super) fn worker(
    context: &BenchContext<'_>,
    name: &str,
    folder: &Path,
    modules: &[&str],
) -> Result<Ready, Refusal> {
    let program = tools::workerd(context.home)?;
    let place = context.work.join(name);
    for module in modules {
        files::copy(&folder.join(module), &place.join(module))?;
    }
    let config = place.join("config.capnp");
    files::write(&config, &reaching(&configuration(modules, &date(context)?)))?;
    let words = [
        "serve".into(),
        config.into_os_string(),
        format!("--socket-addr={SOCKET}=127.0.0.1:{{port}}").into(),
    ];
    Ok(Ready {
        recipe: Recipe::new(program, words),
        deployed: modules.iter().map(|module| place.join(module)).collect(),
    })
}

/// The configuration of a worker that may ask this machine's servers, which workerd keeps from it otherwise.
fn reaching(configuration: &str) -> String {
    configuration.replacen(
        "services = [",
        "services = [(name = \"internet\", network = (allow = [\"private\"])), ",
        1,
    )
}

/// The compatibility date in our own manifest, used for every worker.
fn date(context: &BenchContext<'_>) -> Result<String> {
    let manifest = context
        .build()
        .workspace
        .manifest(context.function, "wrangler.toml");
    let manifest = manifest.context("the function has no wrangler.toml")?;
    let text = fs::read_to_string(manifest).context("cannot read wrangler.toml")?;
    let text: toml_edit::DocumentMut = text.parse().context("wrangler.toml is no TOML")?;
    let date = text
        .get("compatibility_date")
        .and_then(|date| date.as_str());
    Ok(date
        .context("wrangler.toml has no compatibility_date")?
        .to_owned())
}
