//! Finds links: by any part of them where there is a table, else by the beginning of their names.

use guru::prelude::*;

use crate::Named;

/// How many are found at most.
const MOST: u32 = 20;

/// Has a link be found.
#[cfg(feature = "search")]
pub(crate) async fn add(cx: &Context, named: &Named) -> Result<()> {
    let Named { name, link } = named;
    let text = "INSERT OR REPLACE INTO links (name, url, title) VALUES (?1, ?2, ?3)";
    let values = guru::params![name.as_str(), link.url.as_str(), link.title.as_str()];
    cx.port(crate::search).query(text, values).await?;
    Ok(())
}

/// The links whose name, address or title has this in it, in the order of their names.
#[cfg(feature = "search")]
pub(crate) async fn find(cx: &Context, part: &str) -> Result<Vec<Named>> {
    // A pattern of `LIKE` has 50 bytes at most on D1.
    let text = "SELECT name, url, title FROM links \
                WHERE instr(lower(name || ' ' || url || ' ' || title), lower(?1)) > 0 ORDER BY name LIMIT ?2";
    let table = cx.port(crate::search);
    let found = table.query_as(text, guru::params![part, MOST]).await?;
    let named = |(name, url, title): (String, String, String)| {
        let link = crate::Link { url, title };
        Named { name, link }
    };
    Ok(found.into_iter().map(named).collect())
}

/// Has a link be found, which needs nothing: the names are in the store.
#[cfg(not(feature = "search"))]
pub(crate) async fn add(_cx: &Context, _named: &Named) -> Result<()> {
    Ok(())
}

/// The links whose name begins with this, in the order of their names.
#[cfg(not(feature = "search"))]
pub(crate) async fn find(cx: &Context, part: &str) -> Result<Vec<Named>> {
    let store = cx.port(crate::links);
    let query = guru::ports::ListQuery::new(part.to_owned()).with_limit(MOST as usize);
    let mut found = Vec::new();
    for name in store.list(query).await?.keys {
        if let Some(link) = store.get_json(&name).await? {
            found.push(Named { name, link });
        }
    }
    Ok(found)
}
