//! What a function declares with `guru::ports!`, read from what was built.

use std::fmt;

use anyhow::{Context as _, Result};
use object::{Object as _, ObjectSection as _};
use serde::Deserialize;
use wasmparser::{Parser, Payload};

/// The custom section with the declaration: a line of JSON for each port.
const SECTION: &str = "guru.ports";

/// The same in a program of Linux.
const PROGRAM_SECTION: &str = ".guru.ports";

/// A port that a function declares.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "port", rename_all = "kebab-case")]
pub enum Port {
    /// HTTP to other servers.
    Fetch {
        /// The name that the function has for it.
        name: String,
        /// Patterns of servers: scheme, host and port.
        hosts: Vec<String>,
    },
    /// Values by key.
    KeyValue {
        /// The name that the function has for it.
        name: String,
        /// Whether reads are current, and values have versions.
        #[serde(default)]
        atomic: bool,
    },
    /// Content of any size by key.
    Blob {
        /// The name that the function has for it.
        name: String,
    },
    /// Tables, in the dialect of SQLite.
    Sqlite {
        /// The name that the function has for it.
        name: String,
    },
    /// A setting that is not shown.
    Secret {
        /// The name that the function has for it.
        name: String,
    },
    /// Another function.
    Invoke {
        /// The name that the function has for it.
        name: String,
    },
    /// Tables, in the dialect of PostgreSQL.
    Postgres {
        /// The name that the function has for it.
        name: String,
    },
}

/// The ports that a module, a component or a program of Linux declares, in alphabetical order of their names. Programs of other
/// systems do not say.
///
/// # Errors
///
/// When it is malformed, or declares a port that this version does not know.
pub fn declared(binary: &[u8]) -> Result<Vec<Port>> {
    let mut ports: Vec<Port> = Vec::new();
    for section in sections(binary)? {
        for line in serde_json::Deserializer::from_slice(section).into_iter() {
            ports.push(line.context(
                "the function declares a port that this `guru` does not know: `cargo install guru-cli` gets a newer one",
            )?);
        }
    }
    ports.sort_by(|one, other| one.name().cmp(other.name()));
    Ok(ports)
}

/// The sections with declarations.
fn sections(binary: &[u8]) -> Result<Vec<&[u8]>> {
    if !binary.starts_with(b"\0asm") {
        let program = object::File::parse(binary).context("the build is not a program")?;
        let sections = program.sections();
        let ours = sections.filter(|section| section.name() == Ok(PROGRAM_SECTION));
        return Ok(ours
            .map(|section| section.data())
            .collect::<Result<_, _>>()?);
    }
    let mut found = Vec::new();
    for payload in Parser::new(0).parse_all(binary) {
        if let Payload::CustomSection(section) = payload.context("the build is not WebAssembly")?
            && section.name() == SECTION
        {
            found.push(section.data());
        }
    }
    Ok(found)
}

impl Port {
    /// The name that the function has for it.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Fetch { name, .. }
            | Self::KeyValue { name, .. }
            | Self::Blob { name }
            | Self::Invoke { name }
            | Self::Secret { name }
            | Self::Sqlite { name }
            | Self::Postgres { name } => name,
        }
    }

    /// Whether it is a store.
    #[must_use]
    pub const fn is_store(&self) -> bool {
        matches!(self, Self::KeyValue { .. })
    }

    /// Whether it keeps blobs.
    #[must_use]
    pub const fn is_blob(&self) -> bool {
        matches!(self, Self::Blob { .. })
    }

    /// Whether it is a database of a PostgreSQL server.
    #[must_use]
    pub const fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres { .. })
    }

    /// The name of the setting that is this secret, if it is one.
    #[must_use]
    pub fn secret(&self) -> Option<String> {
        match self {
            Self::Secret { name } => Some(name.to_ascii_uppercase()),
            _ => None,
        }
    }

    /// What a vendor calls the function that it leads to, unless the deployment says otherwise, if it leads to one: as
    /// `guru_core::ports::function_name` has it, which a test of `guru-services` holds it to.
    #[must_use]
    pub fn function(&self) -> Option<String> {
        match self {
            Self::Invoke { name } => {
                let name = name.strip_prefix("r#").unwrap_or(name);
                Some(name.to_ascii_lowercase().replace('_', "-"))
            }
            _ => None,
        }
    }

    /// Whether it is HTTP to other servers, and keeps nothing.
    #[must_use]
    pub const fn is_fetch(&self) -> bool {
        matches!(self, Self::Fetch { .. })
    }

    /// What kind of port it is, as in a declaration.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Fetch { .. } => "fetch",
            Self::KeyValue { .. } => "key-value",
            Self::Blob { .. } => "blob",
            Self::Sqlite { .. } => "sqlite",
            Self::Postgres { .. } => "postgres",
            Self::Secret { .. } => "secret",
            Self::Invoke { .. } => "invoke",
        }
    }
}

/// Every kind of port.
pub const KINDS: [&str; 7] = [
    "fetch",
    "key-value",
    "blob",
    "sqlite",
    "postgres",
    "secret",
    "invoke",
];

/// Fails where a module or a component declares a port that its target cannot give.
///
/// # Errors
///
/// When it does, or as [`declared`].
pub fn check(binary: &[u8], lacks: &[String]) -> Result<()> {
    let ports = declared(binary)?;
    let lacking = ports
        .iter()
        .find(|port| lacks.iter().any(|lacks| lacks == port.kind()));
    let Some(port) = lacking else {
        return Ok(());
    };
    let (kind, name) = (port.kind(), port.name());
    Err(Lacking(format!(
        "this target has no {kind} for the port `{name}` of `guru::ports!`: build for another target, or make the port one of a feature of the function's own, and say in \
         its Cargo.toml that it needs {kind}: [package.metadata.guru.needs], as in `FEATURE = [\"{kind}\"]`"
    ))
    .into())
}

/// A target cannot give a port that a function declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lacking(String);

impl Lacking {
    /// A reason why not.
    pub fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl fmt::Display for Lacking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Lacking {}

/// The names of a function's stores that are not atomic, in order.
#[must_use]
pub fn plain_stores(ports: &[Port]) -> Vec<&str> {
    let names = ports.iter().filter_map(|port| match port {
        Port::KeyValue {
            name,
            atomic: false,
        } => Some(&**name),
        _ => None,
    });
    names.collect()
}

/// The names of what a function keeps in a database of SQLite where the vendor has them: its own and its atomic stores, in order.
#[must_use]
pub fn in_sqlite(ports: &[Port]) -> Vec<&str> {
    let names = ports.iter().filter(|port| {
        matches!(
            port,
            Port::Sqlite { .. } | Port::KeyValue { atomic: true, .. }
        )
    });
    names.map(Port::name).collect()
}

/// The servers that all ports of a function fetch from, each once and in order.
pub fn hosts(ports: &[Port]) -> Vec<&str> {
    let mut hosts = Vec::new();
    for port in ports {
        if let Port::Fetch { hosts: some, .. } = port {
            hosts.extend(some.iter().map(String::as_str));
        }
    }
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
    fn what_a_target_lacks_is_said_before_a_request_is() {
        let lines = "{\"name\":\"a\",\"port\":\"key-value\"}\n{\"name\":\"b\",\"port\":\"key-value\",\"atomic\":true}\n";
        let module = module(&[(SECTION, lines)]);
        let store = |name: &str, atomic| Port::KeyValue {
            name: name.into(),
            atomic,
        };
        assert_eq!(
            declared(&module).unwrap(),
            [store("a", false), store("b", true)]
        );
        let ports = declared(&module).unwrap();
        assert!(ports.iter().all(Port::is_store));
        assert_eq!(
            (plain_stores(&ports), in_sqlite(&ports)),
            (vec!["a"], vec!["b"])
        );
        check(&module, &["fetch".into()]).unwrap();
        let error = check(&module, &["key-value".into()])
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("key-value") && error.contains("`a`"),
            "{error}"
        );
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
