//! Composes a component with those that give it what it imports.

use anyhow::{Context as _, Result};
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, plug};

/// The names of what a component imports.
///
/// # Errors
///
/// When it is no component.
pub fn imports(component: &[u8]) -> Result<Vec<String>> {
    let mut graph = CompositionGraph::new();
    let package = Package::from_bytes("guru:function", None, component.to_vec(), graph.types_mut());
    let world = package.context("the function is no component")?.ty();
    let names = graph.types()[world].imports.keys();
    Ok(names.cloned().collect())
}

/// A component out of `socket` and the `plugs` whose exports it imports. Each is in the result as it is.
///
/// # Errors
///
/// When one of them is no component, or gives the socket nothing that it imports.
pub fn compose(socket: &[u8], plugs: &[Vec<u8>]) -> Result<Vec<u8>> {
    let mut graph = CompositionGraph::new();
    let mut register = |name: &str, bytes: &[u8]| -> Result<_> {
        let package = Package::from_bytes(name, None, bytes.to_vec(), graph.types_mut());
        let package = package.with_context(|| format!("{name} is no component"))?;
        Ok(graph.register_package(package)?)
    };
    let socket = register("guru:function", socket)?;
    let plugs = plugs
        .iter()
        .enumerate()
        .map(|(index, bytes)| register(&format!("guru:port-{index}"), bytes))
        .collect::<Result<_>>()?;
    plug(&mut graph, plugs, socket).context("the ports do not fit the function")?;
    graph
        .encode(EncodeOptions::default())
        .context("the function cannot be composed with its ports")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_component_is_refused() {
        for bytes in [&b""[..], b"text", b"\0asm\x01\0\0\0"] {
            assert!(imports(bytes).is_err());
            assert!(compose(bytes, &[]).is_err());
        }
    }

    #[test]
    fn a_component_of_nothing_imports_nothing() {
        let nothing = b"\0asm\x0d\0\x01\0";
        assert!(imports(nothing).unwrap().is_empty());
    }
}
