//! What a function declares with `guru::ports!`, read from what was built.

use anyhow::{Context as _, Result};
use serde::Deserialize;
use wasmparser::{Parser, Payload};

/// The custom section with the declaration: a line of JSON for each port.
const SECTION: &str = "guru.ports";

/// A port that a function declares.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "port", rename_all = "lowercase")]
pub enum Port {
    /// HTTP to other servers.
    Fetch {
        /// The name that the function has for it.
        name: String,
        /// Patterns of servers: scheme, host and port.
        hosts: Vec<String>,
    },
}

/// The ports that a module or a component declares, in alphabetical order of their names.
///
/// # Errors
///
/// When it is not WebAssembly, or declares a port that this version does not know.
pub fn declared(binary: &[u8]) -> Result<Vec<Port>> {
    let mut ports: Vec<Port> = Vec::new();
    for payload in Parser::new(0).parse_all(binary) {
        if let Payload::CustomSection(section) = payload.context("the build is not WebAssembly")?
            && section.name() == SECTION
        {
            for line in serde_json::Deserializer::from_slice(section.data()).into_iter() {
                ports.push(line.context(
                    "the function declares a port that this `guru` does not know: `cargo install guru-cli` gets a newer one",
                )?);
            }
        }
    }
    ports.sort_by(|one, other| one.name().cmp(other.name()));
    Ok(ports)
}

impl Port {
    fn name(&self) -> &str {
        match self {
            Self::Fetch { name, .. } => name,
        }
    }
}

/// The servers that all ports of a function fetch from, each once and in order.
pub fn hosts(ports: &[Port]) -> Vec<&str> {
    let all = ports.iter().flat_map(|port| match port {
        Port::Fetch { hosts, .. } => hosts,
    });
    let mut hosts: Vec<&str> = all.map(String::as_str).collect();
    hosts.sort_unstable();
    hosts.dedup();
    hosts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module of custom sections alone.
    fn module(sections: &[(&str, &str)]) -> Vec<u8> {
        let mut bytes = b"\0asm\x01\0\0\0".to_vec();
        for (name, data) in sections {
            let length = u8::try_from(name.len()).unwrap();
            let content = [&[length], name.as_bytes(), data.as_bytes()].concat();
            let [low, high] = u16::try_from(content.len()).unwrap().to_le_bytes();
            // LEB128 in two bytes.
            bytes.extend([0, low & 0x7f | 0x80, high << 1 | low >> 7]);
            bytes.extend(content);
        }
        bytes
    }

    #[test]
    fn every_line_of_every_section_is_a_port() {
        let line = |name: &str, hosts: &str| {
            format!("{{\"name\":\"{name}\",\"port\":\"fetch\",\"hosts\":[{hosts}]}}\n")
        };
        let two = line("b", "\"https://b.example\",\"http://a.example\"")
            + &line("c", "\"https://b.example\"");
        let one = line("a", "\"https://*.c.example:*\"");
        let ports = declared(&module(&[(SECTION, &two), ("name", "x"), (SECTION, &one)])).unwrap();
        assert_eq!(
            ports.iter().map(Port::name).collect::<Vec<_>>(),
            ["a", "b", "c"]
        );
        let wanted = [
            "http://a.example",
            "https://*.c.example:*",
            "https://b.example",
        ];
        assert_eq!(hosts(&ports), wanted);
        assert!(declared(&module(&[])).unwrap().is_empty());
    }

    #[test]
    fn what_is_not_known_is_said() {
        let other = r#"{"name":"a","port":"telepathy"}"#;
        for binary in [
            b"none".to_vec(),
            module(&[(SECTION, other)]),
            module(&[(SECTION, "{")]),
        ] {
            assert!(declared(&binary).is_err());
        }
    }
}
