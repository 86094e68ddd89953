//! Lists of tables in a TOML document, in which each has a name.

use anyhow::{Context as _, Result};
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};

/// Whether the list has a table whose `key` is this name, in whichever form it is written.
#[must_use]
pub fn has(document: &DocumentMut, list: &str, key: &str, name: &str) -> bool {
    let list = document.get(list);
    let tables = list
        .and_then(Item::as_array_of_tables)
        .into_iter()
        .flatten();
    let inline = list.and_then(Item::as_array).into_iter().flatten();
    let mut names = tables
        .filter_map(|table| table.get(key)?.as_str())
        .chain(inline.filter_map(|table| table.as_inline_table()?.get(key)?.as_str()));
    names.any(|own| own == name)
}

/// Adds a table of this name to the list, unless it has one. Returns whether it did.
///
/// # Errors
///
/// When the list is written in a form that cannot be added to.
pub fn add(document: &mut DocumentMut, list: &str, key: &str, name: &str) -> Result<bool> {
    if has(document, list, key, name) {
        return Ok(false);
    }
    let mut table = Table::new();
    table.insert(key, value(name));
    let tables = document
        .entry(list)
        .or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    let tables = tables.as_array_of_tables_mut();
    let tables = tables.with_context(|| {
        format!("`{list}` is a list of another form: add a {key} `{name}` to it")
    })?;
    tables.push(table);
    Ok(true)
}

/// Sets a key of the table that was added last.
pub fn set(document: &mut DocumentMut, list: &str, key: &str, text: &str) {
    let tables = document
        .get_mut(list)
        .and_then(Item::as_array_of_tables_mut);
    let last = tables.and_then(|tables| tables.iter_mut().last());
    if let Some(last) = last {
        last.insert(key, value(text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_added_once() {
        let mut document: DocumentMut = "a = 1\n".parse().unwrap();
        assert!(add(&mut document, "list", "name", "one").unwrap());
        assert!(!add(&mut document, "list", "name", "one").unwrap());
        set(&mut document, "other", "key", "x");
        assert_eq!(document.to_string(), "a = 1\n\n[[list]]\nname = \"one\"\n");
        let inline = "list = [{ name = \"one\" }]".parse().unwrap();
        assert!(has(&inline, "list", "name", "one"));
        assert!(add(&mut inline.clone(), "list", "name", "two").is_err());
    }
}
