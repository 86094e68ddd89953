//! workerd, Cloudflare's runtime, without wrangler around it.

use std::{fs, path::PathBuf};

use crate::{home::Home, tool};

/// The name of the socket, whose address is set on the command line.
pub const SOCKET: &str = "http";

/// The flag of workers that use what is Node's.
pub const NODE: &str = "nodejs_compat";

/// The program itself, not the script that npm wraps around it.
pub fn program(home: &Home) -> Option<PathBuf> {
    let packages = home.wrangler().join("node_modules").join("@cloudflare");
    tool::find("WORKERD_BIN", || {
        let mut folders = fs::read_dir(packages).ok()?.flatten();
        folders.find_map(|folder| {
            let is_it = folder.file_name().to_string_lossy().starts_with("workerd-");
            let program = folder.path().join("bin").join("workerd");
            (is_it && program.is_file()).then_some(program)
        })
    })
}

/// A configuration for a worker of these modules, in the same folder; the first module is the entry.
pub fn configuration(modules: &[impl AsRef<str>], date: &str) -> String {
    let needs_node = modules
        .iter()
        .any(|module| module.as_ref() == "postgres.js");
    let flags = if needs_node {
        format!("  compatibilityFlags = [\"{NODE}\"],\n")
    } else {
        String::new()
    };
    let modules: Vec<_> = modules.iter().map(|module| line(module.as_ref())).collect();
    format!(
        "using Workerd = import \"/workerd/workerd.capnp\";\n\
         const config :Workerd.Config = (\n  \
           services = [(name = \"main\", worker = .worker)],\n  \
           sockets = [(name = \"{SOCKET}\", address = \"127.0.0.1:0\", http = (), service = \"main\")],\n\
         );\n\
         const worker :Workerd.Worker = (\n  \
           modules = [\n{}  ],\n  \
           compatibilityDate = \"{date}\",\n\
         {flags}\
         );\n",
        modules.concat()
    )
}

fn line(module: &str) -> String {
    let kind = if module.ends_with(".wasm") {
        "wasm"
    } else {
        "esModule"
    };
    format!("    (name = \"{module}\", {kind} = embed \"{module}\"),\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_told_by_their_names() {
        let text = configuration(&["worker.js", "function.wasm"], "2026-04-01");
        for part in [
            "(name = \"worker.js\", esModule = embed \"worker.js\"),",
            "(name = \"function.wasm\", wasm = embed \"function.wasm\"),",
            "compatibilityDate = \"2026-04-01\",",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }
}
