//! Parses the budget file: a table for each kind, a number for each name.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use toml_edit::DocumentMut;

use super::{Key, Kind};

/// Parses a budget. Unknown names are errors, so that a typo does not silently disable a budget.
pub(super) fn read(text: &str) -> Result<BTreeMap<Key, u32>> {
    let document: DocumentMut = text.parse().context("it is no TOML")?;
    let mut budget = BTreeMap::new();
    for (name, table) in document.iter() {
        let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.name() == name) else {
            bail!("nothing is counted in `{name}`");
        };
        let table = table
            .as_table()
            .with_context(|| format!("`{name}` is no table"))?;
        for (item, number) in table {
            let number = number.as_integer().and_then(|n| u32::try_from(n).ok());
            let number = number.filter(|number| *number > 0);
            let number = number.with_context(|| format!("`{item}` has no whole number above 0"))?;
            budget.insert((kind, item.to_owned()), number);
        }
    }
    Ok(budget)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_a_kind_and_a_name() {
        let text =
            "# Why.\n[bytes]\n\"spin, gzip\" = 30_500 # more\n[instructions]\nplain = 6500\n";
        let want = [
            ((Kind::Bytes, "spin, gzip".to_owned()), 30_500),
            ((Kind::Instructions, "plain".to_owned()), 6500),
        ];
        assert_eq!(read(text).unwrap(), BTreeMap::from(want));
        assert!(read("").unwrap().is_empty());
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let cases = [
            ("[bites]\na = 1", "nothing is counted in `bites`"),
            ("bytes = 1", "`bytes` is no table"),
            ("[bytes]\na = \"1\"", "`a` has no whole number above 0"),
            ("[bytes]\na = -1", "`a` has no whole number above 0"),
            ("[bytes]\na = 0", "`a` has no whole number above 0"),
            ("[bytes]\na = 1.5", "`a` has no whole number above 0"),
            (
                "[bytes]\na = 5_000_000_000",
                "`a` has no whole number above 0",
            ),
            ("[bytes]\na = 1\na = 2", "it is no TOML"),
            ("[bytes", "it is no TOML"),
        ];
        for (text, want) in cases {
            assert_eq!(read(text).unwrap_err().to_string(), want, "{text}");
        }
    }
}
