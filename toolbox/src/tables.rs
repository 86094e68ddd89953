//! Lists of tables in a TOML document, in which each has a name.

use anyhow::{Context as _, Result};
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, TableLike, Value, value};

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

/// The tables of a list, in whichever form it is written.
pub fn all_mut<'a>(document: &'a mut DocumentMut, list: &str) -> Vec<&'a mut dyn TableLike> {
    match document.get_mut(list) {
        Some(Item::ArrayOfTables(tables)) => tables
            .iter_mut()
            .map(|table| table as &mut dyn TableLike)
            .collect(),
        Some(Item::Value(Value::Array(inline))) => inline
            .iter_mut()
            .filter_map(Value::as_inline_table_mut)
            .map(|table| table as &mut dyn TableLike)
            .collect(),
        _ => Vec::new(),
    }
}

/// Adds a table of this name to the list, with one more value in it, unless the list has one. Returns whether it did.
///
/// # Errors
///
/// When the list is written in a form that cannot be added to.
pub fn add(
    document: &mut DocumentMut,
    list: &str,
    key: &str,
    name: &str,
    more: Option<(&str, &str)>,
) -> Result<bool> {
    if has(document, list, key, name) {
        return Ok(false);
    }
    let mut table = Table::new();
    table.insert(key, value(name));
    if let Some((key, text)) = more {
        table.insert(key, value(text));
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_added_once() {
        let mut document: DocumentMut = "a = 1\n".parse().unwrap();
        assert!(add(&mut document, "list", "name", "one", None).unwrap());
        let more = Some(("key", "x"));
        assert!(!add(&mut document, "list", "name", "one", more).unwrap());
        assert_eq!(document.to_string(), "a = 1\n\n[[list]]\nname = \"one\"\n");
        assert!(add(&mut document, "list", "name", "two", more).unwrap());
        let text = document.to_string();
        assert!(text.ends_with("name = \"two\"\nkey = \"x\"\n"), "{text}");
        let inline = "list = [{ name = \"one\" }]".parse().unwrap();
        assert!(has(&inline, "list", "name", "one"));
        assert!(add(&mut inline.clone(), "list", "name", "two", None).is_err());
    }
}
