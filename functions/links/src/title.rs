//! The title of the page that a link leads to.

use std::time::Duration;

use guru::http::Url;
use guru::ports::FetchRequest;
use guru::prelude::*;

/// How long a page has for its title, and how many bytes of it are read for that.
const PATIENCE: Duration = Duration::from_secs(2);
const MOST: usize = 64 * 1024;

/// How many letters of a title are kept.
const LONGEST: usize = 200;

/// The title of a page; empty where there is none, or it cannot be had: a link is made all the same.
pub(crate) async fn of(cx: &Context, url: &str) -> String {
    match cx.timeout(PATIENCE, read(cx, url)).await {
        Ok(Ok(title)) => title,
        Ok(Err(error)) => {
            cx.log().info("no title", fields! { why: error });
            String::new()
        }
        Err(_) => String::new(),
    }
}

async fn read(cx: &Context, url: &str) -> Result<String> {
    let url = Url::parse(url)?;
    let mut page = cx
        .port(crate::pages)
        .send(FetchRequest::new(Method::GET, url))
        .await?;
    let mut body = page.take_body();
    let mut text = Vec::new();
    while text.len() < MOST
        && let Some(chunk) = body.chunk().await?
    {
        text.extend_from_slice(&chunk);
        if let Some(title) = title(&String::from_utf8_lossy(&text)) {
            return Ok(title);
        }
    }
    Ok(String::new())
}

/// What stands between `<title>` and `</title>`, whatever the letters' case, with its entities as the characters that they are.
fn title(page: &str) -> Option<String> {
    // The places in it are those in the page.
    let lower = page.to_ascii_lowercase();
    let tag = lower.find("<title")?;
    let start = tag + lower.get(tag..)?.find('>')? + 1;
    let end = start + lower.get(start..)?.find("</title")?;
    let raw = page.get(start..end)?;
    let text = html_escape::decode_html_entities(raw);
    let words: Vec<_> = text.split_whitespace().collect();
    Some(words.join(" ").chars().take(LONGEST).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_what_a_reader_sees() {
        for (page, want) in [
            ("<html><title>A page</title>", Some("A page")),
            (
                "<TITLE lang=en>\n  Fish &amp;\n chips \n</TITLE>",
                Some("Fish & chips"),
            ),
            ("<title></title>", Some("")),
            ("<title>not yet", None),
            ("<title", None),
            ("İ<title>ü</title>", Some("ü")),
            ("no page", None),
        ] {
            assert_eq!(title(page).as_deref(), want, "{page}");
        }
    }
}
