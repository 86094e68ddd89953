//! Shrinks a component: optimises its modules and strips the custom sections that only debuggers read.

use std::fs;

use anyhow::{Context as _, Result};
use wasm_encoder::{Component, RawSection};
use wasmparser::BinaryReader;

use super::{BuildContext, binaryen};

/// The size of the preamble of a component, after which its sections begin
/// (<https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md>).
const HEADER: usize = 8;

const CUSTOM: u8 = 0;
const CORE_MODULE: u8 = 1;

/// A smaller module is a call table that the linker generated; optimising it gains nothing.
const LARGE: usize = 16 * 1024;

/// Returns the component with its modules optimised and its custom sections removed, or `None` where `wasm-opt` is not installed.
pub(super) fn optimise(context: &BuildContext<'_>, component: &[u8]) -> Result<Option<Vec<u8>>> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let path = folder.path().join("module.wasm");
    let mut smaller = Component::new();
    for (id, data) in sections(component)? {
        match id {
            CUSTOM => {}
            CORE_MODULE if data.len() > LARGE => {
                fs::write(&path, data)
                    .with_context(|| format!("cannot write {}", path.display()))?;
                if !binaryen::optimise(context, &path)? {
                    return Ok(None);
                }
                let data =
                    fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
                smaller.section(&RawSection { id, data: &data });
            }
            _ => {
                smaller.section(&RawSection { id, data });
            }
        }
    }
    Ok(Some(smaller.finish()))
}

/// Splits the component into its own sections, each with its id.
fn sections(component: &[u8]) -> Result<Vec<(u8, &[u8])>> {
    let body = component
        .get(HEADER..)
        .context("the component ends before it begins")?;
    let mut reader = BinaryReader::new(body, HEADER);
    let mut sections = Vec::new();
    while !reader.eof() {
        let id = reader.read_u8()?;
        let size = reader.read_var_u32()?;
        sections.push((id, reader.read_bytes(size as usize)?));
    }
    Ok(sections)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_is_cut_where_its_sections_end() {
        let mut component = Component::new();
        component.section(&RawSection {
            id: CUSTOM,
            data: b"\x04note!",
        });
        component.section(&RawSection {
            id: CORE_MODULE,
            data: &[7; 300],
        });
        let bytes = component.finish();
        let cut = sections(&bytes).unwrap();
        assert_eq!(
            cut,
            [(CUSTOM, &b"\x04note!"[..]), (CORE_MODULE, &[7; 300][..])]
        );
        assert!(sections(&bytes[..bytes.len() - 1]).is_err());
        assert!(sections(b"\0asm").is_err());
    }
}
