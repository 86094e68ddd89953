//! Deploys to Cloudflare Workers with `wrangler deploy`, which builds as its manifest says.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail, ensure};
use guru_toolbox::{migrations::Migrations, settings::Settings};

use super::{build, manifest};
use crate::{
    artefacts, child,
    deployment::{self, Deployed, Deployment, Missing},
    files,
    items::npm,
    serving::Manifest,
    tool,
};

/// The variables from which wrangler reads a login
/// (<https://developers.cloudflare.com/workers/wrangler/system-environment-variables/>).
const VARIABLES: [&str; 2] = ["CLOUDFLARE_API_TOKEN", "CLOUDFLARE_API_KEY"];

/// Where `wrangler login` stores its credentials, below the home folder.
const FILES: [&str; 3] = [
    ".config/.wrangler/config/default.toml",
    ".wrangler/config/default.toml",
    "Library/Preferences/.wrangler/config/default.toml",
];

pub(super) fn deploy(deployment: &Deployment<'_>) -> Result<Option<Deployed>> {
    let options = deployment.options;
    let wrangler = tool::find("WRANGLER_BIN", || {
        npm::program(deployment.context.home, "wrangler")
    });
    let mut missing = Missing::default();
    if !options.dry_run && login().is_none() {
        let spelt = wrangler.as_deref().unwrap_or(Path::new("wrangler"));
        missing.add(format!(
            "nobody is logged in to Cloudflare here: `{} login`, or set CLOUDFLARE_API_TOKEN",
            child::quote(spelt.as_os_str())
        ));
    }
    let wrangler = missing.note(wrangler.context(
        "wrangler is not installed: `guru setup --on cloudflare` gets it, or name one in WRANGLER_BIN",
    ));
    let manifest = missing.note(deployment.manifest("wrangler.toml").and_then(|path| {
        if !options.dry_run && !options.delete {
            manifest::check_databases(&files::read(&path)?)?;
        }
        Ok(path)
    }));
    missing.end()?;
    let (Some(wrangler), Some(manifest)) = (wrangler, manifest) else {
        bail!("something is missing that was not said");
    };
    let context = &deployment.context;
    let folder = artefacts::dist(context.workspace, super::NAME, context.function);
    // wrangler builds by its manifest and then reads the result, so the folder stays locked throughout. It has read the manifest by
    // then, into which the first build of a function with stores writes their bindings.
    let output = context.hold(&folder)?;
    if !options.delete {
        context.fill(&output, |draft| build::build(context, draft))?;
    }
    let copy = manifest::of_stage(&files::read(&manifest)?, deployment.stage())?;
    let copy = copy.map(|text| {
        let copy = Manifest::beside(&manifest);
        copy.write(&text).map(|()| copy)
    });
    let copy = copy.transpose()?;
    // What is there is changed before the code that needs it comes.
    let migrations = Migrations::of(context.workspace, context.function, &Settings::default())?;
    if let Some(migrations) = migrations.filter(|_| !options.delete) {
        let text = files::read(&manifest)?;
        let databases = migrations.named_in(&text, manifest::MIGRATIONS)?;
        let environment = environment(&options.more);
        if environment.is_empty() && !options.dry_run {
            manifest::check_migrated(&text, &databases)?;
            ensure!(
                databases.is_empty() || deployment.stage() == "prod",
                "wrangler.toml names the database of all stages, and the migrations of {} would be applied to that of prod: give the \
                 stage a database of its own, in an environment of wrangler's, and deploy with `-- --env NAME`",
                deployment.stage()
            );
        }
        for database in databases {
            let mut apply = super::migrate(&wrangler, &database, &manifest);
            deployment.run(apply.arg("--remote").args(environment))?;
        }
    }
    let mut command = Command::new(&wrangler);
    command
        .arg(if options.delete { "delete" } else { "deploy" })
        .arg("--config")
        .arg(copy.as_ref().map_or(&*manifest, Manifest::path))
        .args(["--name", &deployment.name])
        .args(&options.more)
        .env("PATH", tool::path_with_guru()?);
    output.hand_to(&mut command)?;
    if options.dry_run {
        deployment.run(&mut command)?;
        // wrangler's own dry run builds and bundles, and reports what it would upload.
        deployment.run_anyway(command.arg("--dry-run"))?;
        return Ok(None);
    }
    let said = deployment.run(&mut command)?;
    let url = said
        .split_whitespace()
        .find(|word| word.starts_with("https://") && word.contains(".workers.dev"));
    Ok(url.filter(|_| !options.delete).map(|url| Deployed {
        url: url.to_owned(),
        header: None,
    }))
}

/// The environment among wrangler's own options, which its migrations are for too.
fn environment(more: &[String]) -> &[String] {
    let is_it =
        |option: &String| option == "--env" || option == "-e" || option.starts_with("--env=");
    let from = more.iter().position(is_it).unwrap_or(more.len());
    let size = 2 - usize::from(more.get(from).is_some_and(|option| option.contains('=')));
    let both = more.get(from..).unwrap_or_default();
    both.get(..size).unwrap_or(both)
}

/// Looks for a login without trying it.
pub(super) fn login() -> Option<String> {
    let of_xdg = env::var_os("XDG_CONFIG_HOME")
        .map(|folder| PathBuf::from(folder).join(".wrangler/config/default.toml"));
    deployment::credentials(&VARIABLES, of_xdg, &FILES)
}
