//! A link shortener. `POST /links` makes a short link, `GET /{name}` leads where it leads, `GET /{name}/count` says how often it did,
//! `GET /{name}/picture` is a QR code of it, `GET /links?q=` finds links, and `GET /` is a page for all of it.

mod picture;
mod search;
mod title;

use guru::http::Url;
use guru::prelude::*;

guru::ports! {
    /// Each link, by its name.
    links: KeyValue + Atomic,
    /// How often each was followed, by its name.
    counts: KeyValue + Atomic,
    /// The pages that links lead to, of which the titles are read.
    #[cfg(not(feature = "local-pages"))]
    pages: Fetch["https://*"],
    /// The same, also those on this machine.
    #[cfg(feature = "local-pages")]
    pages: Fetch["https://*", "http://127.0.0.1:*"],
    /// The pictures that were made already, by the name of their link.
    #[cfg(feature = "pictures")]
    pictures: Blob,
    /// All links in one table, to be searched.
    #[cfg(feature = "search")]
    search: Sql<Sqlite>,
}

/// What the names that nobody has chosen are made of: nothing that looks like something else.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// How long these names are, and how many are tried before giving up.
const LENGTH: usize = 6;
const TRIES: usize = 5;

/// How long a name may be that somebody has chosen.
const LONGEST: usize = 64;

/// The function.
pub fn app() -> App {
    App::new()
        .get("/", page)
        .get("/links", find)
        .post("/links", create)
        .get("/{name}", follow)
        .get("/{name}/count", count)
        .get("/{name}/picture", picture::show)
}

async fn page(_cx: Context, _req: Request) -> Result<Response> {
    Ok(Response::html(include_str!("page.html")))
}

/// What a name leads to.
#[derive(Deserialize, Serialize)]
#[serde(crate = "guru::serde")]
struct Link {
    url: String,
    /// The title of the page; empty where it has none that could be read.
    title: String,
}

/// A link with its name.
#[derive(Deserialize, Serialize)]
#[serde(crate = "guru::serde")]
struct Named {
    name: String,
    #[serde(flatten)]
    link: Link,
}

#[derive(Deserialize)]
#[serde(crate = "guru::serde")]
struct Wanted {
    url: String,
    name: Option<String>,
}

async fn create(cx: Context, mut req: Request) -> Result<Response> {
    let Wanted { url, name } = req.json().await?;
    Url::parse(&url).map_err(|error| Error::field("url", error))?;
    if let Some(name) = &name {
        check(name)?;
    }
    let title = title::of(&cx, &url).await;
    let link = Link { url, title };
    let name = match name {
        // Of two who want it at the same time, one has it, and the other one gets a 409.
        Some(name) => {
            cx.port(links).create_json(&name, &link).await?;
            name
        }
        None => create_any(&cx, &link).await?,
    };
    let named = Named { name, link };
    // The link is made, whether or not it can be found.
    if let Err(error) = search::add(&cx, &named).await {
        cx.log()
            .error(error.context("having the link be found"), &[]);
    }
    Ok(Response::json(&named)?.with_status(Status::CREATED))
}

/// A name stands in a URL as it is, and is none of the function's own paths.
fn check(name: &str) -> Result<()> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let problem = match name {
        "" => "it is empty",
        "links" => "it is taken",
        name if name.len() > LONGEST => "it has more than 64 letters",
        name if !name.bytes().all(is_plain) => "it is made of letters, digits, `-` and `_`",
        _ => return Ok(()),
    };
    Err(Error::field("name", problem))
}

/// Makes a link with a name that nobody has.
async fn create_any(cx: &Context, link: &Link) -> Result<String> {
    for _ in 0..TRIES {
        let letters = (0..LENGTH).map(|_| char::from(*cx.random().choose(LETTERS)));
        let name: String = letters.collect();
        match cx.port(links).create_json(&name, link).await {
            Ok(_) => return Ok(name),
            Err(error) if error.kind() == guru::ports::ErrorKind::Conflict => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::new(ErrorKind::Unavailable, "no name was free"))
}

/// The link of this name.
async fn link(cx: &Context, name: &str) -> Result<Link> {
    let link = cx.port(links).get_json(name).await?;
    link.ok_or_else(Error::not_found)
}

async fn follow(cx: Context, req: Request) -> Result<Response> {
    let name: String = req.param("name")?;
    let link = link(&cx, &name).await?;
    let there = Response::redirect(Status::FOUND, &link.url)?;
    cx.port(counts).add(&name, 1).await?;
    Ok(there)
}

async fn count(cx: Context, req: Request) -> Result<Response> {
    let name: String = req.param("name")?;
    link(&cx, &name).await?;
    let count = cx.port(counts).get(&name).await?;
    let text = match &count {
        Some(count) => count.text()?,
        None => "0",
    };
    Ok(Response::text(text.to_owned()))
}

#[derive(Deserialize)]
#[serde(crate = "guru::serde")]
struct Query {
    q: String,
}

async fn find(cx: Context, req: Request) -> Result<Response> {
    let Query { q } = req.query()?;
    Response::json(&search::find(&cx, &q).await?)
}

guru::export!(app);

#[cfg(test)]
mod tests;
