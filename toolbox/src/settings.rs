//! The settings of a function on this machine, from the command line and the `.env` file. Values must never be printed.

use std::{env, fs, io, path::Path};

use anyhow::{Context as _, Result, bail, ensure};
use dotenvy::Error;

/// The file beside its manifest from which a vendor's own tool reads a function's secrets.
pub const SECRETS: &str = ".dev.vars";

/// The settings file beside the vendors' manifests.
pub const FILE: &str = ".env";

/// The setting of all functions that have none of their own.
const FUNCTIONS: &str = "GURU_FUNCTIONS";

/// The variable that names the folder of what a function keeps on this machine.
pub const DATA: &str = "GURU_DATA";

/// The variable that names the server of its databases.
pub const POSTGRES: &str = "GURU_POSTGRES";

/// The variable that names the folder of their migrations.
pub const MIGRATIONS: &str = "GURU_MIGRATIONS";

/// Whether a setting says where stores are.
#[must_use]
pub fn is_place(key: &str) -> bool {
    key.starts_with("GURU_PORT_") || ["GURU_STORES", "GURU_BLOBS"].contains(&key)
}

/// Whether a setting is of ports, which is the host's: as `guru_services::is_setting` has it, which a test there holds it to.
#[must_use]
pub fn is_hosts(key: &str) -> bool {
    let others = [DATA, FUNCTIONS, POSTGRES, MIGRATIONS];
    is_place(key) || others.contains(&key)
}

/// The service that a setting names, with the path of a file or a folder from the root of all.
#[must_use]
pub fn absolute(root: &Path, service: &str) -> String {
    match service.split_once(':') {
        Some((scheme @ ("sqlite" | "files"), place)) => {
            let place = place.strip_prefix("//").unwrap_or(place);
            format!("{scheme}:{}", root.join(place).display())
        }
        _ => service.to_owned(),
    }
}

/// The setting of a port alone.
#[must_use]
pub fn setting_of(port: &str) -> String {
    format!("GURU_PORT_{}", port.to_uppercase())
}

/// Settings with unique names.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Settings(Vec<(String, String)>);

impl Settings {
    /// Reads the file, if there is one, and overrides its settings with those of the command line: `KEY=VALUE`, or `KEY` for its
    /// value in the environment.
    pub fn read(file: Option<&Path>, said: &[String]) -> Result<Self> {
        let mut settings = Self::default();
        if let Some(path) = file {
            let text = fs::read_to_string(path);
            let text = text.with_context(|| format!("cannot read {}", path.display()))?;
            settings.take(&text, &path.display().to_string())?;
        }
        for said in said {
            let (key, value) = match said.split_once('=') {
                Some((key, value)) => (key, value.to_owned()),
                None => (said.as_str(), of_environment(said)?),
            };
            settings.put(key, value).context("--env is wrong")?;
        }
        Ok(settings)
    }

    /// Iterates over names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (&**key, &**value))
    }

    /// Those that a function may see: where its stores are is its host's business, and may have a password in it.
    pub fn of_function(&self) -> impl Iterator<Item = (&str, &str)> {
        self.iter().filter(move |(key, _)| !is_hosts(key))
    }

    /// The service that a port leads to, as these settings say or the environment does: in a setting of its own, or in that of all
    /// ports like it.
    #[must_use]
    pub fn of_port(&self, all: &str, port: &str) -> Option<String> {
        let own = setting_of(port);
        [&*own, all].into_iter().find_map(|name| self.said(name))
    }

    /// Whether these settings or the environment say where the function of a port is: in a setting of its own, or in the list of all.
    #[must_use]
    pub fn has_function(&self, port: &str) -> bool {
        let is_listed = |list: String| {
            let mut names = list.split(',').filter_map(|entry| entry.split_once('='));
            names.any(|(name, _)| name.trim() == port)
        };
        self.said(&setting_of(port)).is_some() || self.said(FUNCTIONS).is_some_and(is_listed)
    }

    /// The value that they have for a name, or else the environment.
    #[must_use]
    pub fn said(&self, name: &str) -> Option<String> {
        let said = self.iter().find(|(key, _)| *key == name);
        said.map(|(_, value)| value.to_owned())
            .or_else(|| std::env::var(name).ok())
    }

    /// A string that differs whenever a setting does.
    pub fn text(&self) -> String {
        let lines = self.iter().map(|(key, value)| format!("{key}={value:?}\n"));
        lines.collect()
    }

    fn put(&mut self, key: &str, value: String) -> Result<()> {
        if let Some(fault) = fault_of(key) {
            bail!(fault);
        }
        ensure!(
            !value.contains('\0'),
            "the value of {key} has a zero byte in it, which no environment can hold"
        );
        self.0.retain(|(known, _)| known != key);
        self.0.push((key.to_owned(), value));
        Ok(())
    }

    fn take(&mut self, text: &str, name: &str) -> Result<()> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (at, line) in text.lines().map(str::trim).enumerate() {
            // The parser would join and unescape such a line inconsistently, and silently return another value.
            let is_read_twice = line.contains("\\'") || line.ends_with('\\');
            ensure!(
                !is_read_twice || line.starts_with('#'),
                "{name}:{} has a backslash before a single quote or the line's end: write it as two, in double quotes",
                at + 1
            );
        }
        // A `$` is literal, as in `.dev.vars`: expanding variables could silently change a password.
        let Some(dollar) = ('\u{e000}'..'\u{f8ff}').find(|char| !text.contains(*char)) else {
            bail!("{name} has every private character of Unicode in it");
        };
        let text = text.replace('$', dollar.encode_utf8(&mut [0; 4]));
        let read = std::cell::Cell::new(0);
        let lines = Lines {
            rest: text.as_bytes(),
            read: &read,
        };
        for item in dotenvy::from_read_iter(lines) {
            match item {
                Ok((key, value)) => self
                    .put(&key, value.replace(dollar, "$"))
                    .with_context(|| format!("{name}:{} is wrong", read.get()))?,
                Err(Error::LineParse(statement, _)) => {
                    let count = statement.lines().count().max(1);
                    let first = (read.get() + 1).saturating_sub(count);
                    let line = text
                        .lines()
                        .nth(first.saturating_sub(1))
                        .unwrap_or_default();
                    let (key, value) = plain(line).filter(|_| count == 1).with_context(|| {
                        format!(
                            "{name}:{first} is not KEY=VALUE: a value with quotes or a backslash in it stands in single or \
                             double quotes, which must be closed"
                        )
                    })?;
                    self.put(key, value.replace(dollar, "$"))
                        .with_context(|| format!("{name}:{first} is wrong"))?;
                }
                Err(error) => bail!("{name}:{} cannot be read: {error}", read.get()),
            }
        }
        Ok(())
    }
}

/// Parses a line whose value contains spaces without needing quotes: `.dev.vars` allows it, but the parser rejects it.
fn plain(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once('=')?;
    let key = key.trim();
    let key = key.strip_prefix("export ").map_or(key, str::trim_start);
    let value = value.split_once(" #").map_or(value, |(value, _)| value);
    (!value.contains(['\'', '"', '\\'])).then_some((key, value.trim()))
}

/// Returns what is wrong with the name of a setting.
pub fn fault_of(key: &str) -> Option<String> {
    let is_word = |char: char| char.is_ascii_alphanumeric() || char == '_';
    let is_name = key.chars().all(is_word) && !key.starts_with(|char: char| char.is_ascii_digit());
    (key.is_empty() || !is_name).then(|| {
        format!(
            "`{key}` is not a name that every target takes: letters, digits and `_`, and no digit in front"
        )
    })
}

fn of_environment(key: &str) -> Result<String> {
    match env::var(key) {
        Ok(value) => Ok(value),
        Err(env::VarError::NotPresent) => bail!(
            "--env {key}: there is no such variable here; give its value too, as --env {key}=VALUE"
        ),
        Err(env::VarError::NotUnicode(_)) => bail!("--env {key}: its value here is not UTF-8"),
    }
}

/// Yields lines one at a time and counts them: the parser's errors carry no line number.
struct Lines<'a> {
    rest: &'a [u8],
    read: &'a std::cell::Cell<usize>,
}

impl io::Read for Lines<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let end = self.rest.iter().position(|byte| *byte == b'\n');
        let line = end.map_or(self.rest.len(), |end| end + 1).min(buffer.len());
        let (line, rest) = self.rest.split_at(line);
        if line.ends_with(b"\n") || rest.is_empty() && !line.is_empty() {
            self.read.set(self.read.get() + 1);
        }
        self.rest = rest;
        let mut line = line;
        io::Read::read(&mut line, buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Settings> {
        let mut settings = Settings::default();
        settings.take(text, ".env")?;
        Ok(settings)
    }

    #[test]
    fn a_file_says_any_value() {
        let cases = [
            ("A=1", "1"),
            ("A=", ""),
            ("export A = b # why", "b"),
            ("A=a=b,c", "a=b,c"),
            ("A='grüß = 1, 2'", "grüß = 1, 2"),
            ("A=\"it's #1\"", "it's #1"),
            ("A='say \"hi\"'", "say \"hi\""),
            ("A=\"say \\\"hi\\\"\"", "say \"hi\""),
            ("A=\"one\\ntwo\"", "one\ntwo"),
            ("A=\"one\ntwo\"", "one\ntwo"),
            ("A='one\ntwo'", "one\ntwo"),
            ("A=pa$$word$HOME", "pa$$word$HOME"),
            ("A=\"${HOME}\"", "${HOME}"),
            ("A=x#y", "x#y"),
            ("A=grüß = 1, 2", "grüß = 1, 2"),
            ("export A = two words # and why", "two words"),
            ("A=a $HOME b", "a $HOME b"),
            ("A=\"\nB=not this one\n\"", "\nB=not this one\n"),
            ("A='C:\\dir'", "C:\\dir"),
            ("A=\"C:\\\\\"", "C:\\"),
            ("\u{feff}A=1", "1"),
            ("A=1\r\n", "1"),
            ("A=0\nA=1", "1"),
            ("# only\n\n  A=日本", "日本"),
        ];
        for (text, want) in cases {
            let found = of(text).unwrap_or_else(|error| panic!("{text}: {error:#}"));
            assert_eq!(found.0, [("A".to_owned(), want.to_owned())], "{text}");
        }
        assert!(of("\n# nothing\n").unwrap().0.is_empty());
    }

    #[test]
    fn what_is_wrong_is_named_by_its_line_and_not_by_its_value() {
        let cases = [
            ("A=1\n\nsecret", 3),
            ("# why\nA=secret \"word\"\nB=1", 2),
            ("secret word\n", 1),
            ("se cret=x", 1),
            ("A=1\nB='secret\nC=2\n\n", 2),
            ("A=\"one\ntwo\"\n=secret\n", 3),
            ("A.B=secret", 1),
            ("A=1\n1A=secret\n", 2),
            ("A=\"se\\cret\"", 1),
            ("A='C:\\'\nB='D:\\'", 1),
            ("B=1\nA=C:\\", 2),
        ];
        for (text, line) in cases {
            let error = format!("{:#}", of(text).err().unwrap());
            assert!(
                error.starts_with(&format!(".env:{line} ")),
                "{text}: {error}"
            );
            assert!(!error.contains("secret"), "{error}");
        }
        let long = format!("A={}\nsecret", "x".repeat(100_000));
        let error = of(&long).err().unwrap().to_string();
        assert!(error.starts_with(".env:2 "), "{error}");
    }

    #[test]
    fn the_command_line_counts_more_than_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        fs::write(&path, "A=file\nB=file\n").unwrap();
        // Cargo sets this variable for tests.
        let said = ["A=x=y", "A=", "CARGO_PKG_NAME"].map(str::to_owned);
        let settings = Settings::read(Some(&path), &said).unwrap();
        let found: Vec<_> = settings.iter().collect();
        assert_eq!(
            found,
            [
                ("B", "file"),
                ("A", ""),
                ("CARGO_PKG_NAME", env!("CARGO_PKG_NAME"))
            ]
        );
    }

    #[test]
    fn where_stores_are_is_not_the_function_s_to_see() {
        let said = [
            "A=1",
            "GURU_PORT_A=x",
            "GURU_STORES=x",
            "GURU_BLOBS=x",
            "GURU_DATA=x",
            "GURU_LOG=text",
        ];
        let settings = Settings::read(None, &said.map(str::to_owned)).unwrap();
        let seen: Vec<_> = settings.of_function().map(|(key, _)| key).collect();
        assert_eq!(seen, ["A", "GURU_LOG"]);
    }

    #[test]
    fn a_function_has_a_setting_of_its_own_or_is_in_the_list() {
        for (said, is_said) in [
            ("GURU_PORT_GREETER=http://127.0.0.1:1", true),
            (
                "GURU_FUNCTIONS=other=http://127.0.0.1:1, greeter=http://127.0.0.1:2",
                true,
            ),
            ("GURU_FUNCTIONS=other=http://127.0.0.1:1", false),
            ("GURU_STORES=sqlite:greeter", false),
        ] {
            let settings = Settings::read(None, &[said.to_owned()]).unwrap();
            assert_eq!(settings.has_function("greeter"), is_said, "{said}");
        }
    }

    #[test]
    fn a_setting_without_a_value_or_a_name_is_refused() {
        for (said, wanted) in [
            ("GURU_NOBODY_SETS_THIS", "--env GURU_NOBODY_SETS_THIS=VALUE"),
            ("=secret", "is not a name"),
            ("A-B=secret", "`A-B` is not a name"),
            ("1A=secret", "`1A` is not a name"),
            ("A=secret\0", "zero byte"),
        ] {
            let refused = Settings::read(None, &[said.to_owned()]).err().unwrap();
            let refused = format!("{refused:#}");
            assert!(refused.contains(wanted), "{refused}");
            assert!(!refused.contains("secret"), "{refused}");
        }
    }

    #[test]
    fn a_place_is_where_the_function_has_it() {
        let root = Path::new("/w");
        for (said, wanted) in [
            ("sqlite:a.sqlite", "sqlite:/w/a.sqlite"),
            ("sqlite://a", "sqlite:/w/a"),
            ("files:///b/c", "files:/b/c"),
            ("dynamodb://t?region=r", "dynamodb://t?region=r"),
            ("", ""),
        ] {
            assert_eq!(absolute(root, said), wanted);
        }
        assert!(is_place("GURU_PORT_A") && is_place("GURU_BLOBS") && !is_place("API_TOKEN"));
    }
}
