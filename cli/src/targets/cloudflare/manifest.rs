//! Adapts wrangler.toml to `guru dev`.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use toml_edit::{DocumentMut, Item, value};

use crate::serving::{NOTE, of_path};

/// Replaces the entry module of wrangler.toml and removes its build command: wrangler runs that before anything else, and serves
/// nothing while it fails.
pub(super) fn for_development(text: &str, entry: &Path) -> Result<String> {
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
    Ok(format!("{NOTE}{document}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> DocumentMut {
        text.parse().unwrap()
    }

    #[test]
    fn wrangler_serves_the_development_build_and_builds_nothing() {
        for text in [
            include_str!("../../../../wrangler.toml"),
            include_str!("../../../vendors/cloudflare/skeleton/wrangler.toml"),
        ] {
            let made = parsed(&for_development(text, Path::new("/d/main.js")).unwrap());
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
            for_development("main = \"src/index.ts\"", Path::new("/d/main.js")).unwrap_err();
        assert!(refused.to_string().contains("src/index.ts"), "{refused}");
        assert!(for_development("name = \"x\"", Path::new("/d/main.js")).is_err());
    }
}
