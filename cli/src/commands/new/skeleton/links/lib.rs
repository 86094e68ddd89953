//! A link shortener: `POST /links` makes a short link, `GET /{name}` leads where it leads, `GET /{name}/count` says how often it
//! did, and `GET /` is a page for all of it.

use guru::http::Url;
use guru::prelude::*;

guru::ports! {
    /// Where each short link leads, by its name.
    links: KeyValue + Atomic,
    /// How often each was followed, by its name.
    counts: KeyValue + Atomic,
}

/// What the names that nobody has chosen are made of: nothing that looks like something else.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// How long these names are, and how many are tried before giving up.
const LENGTH: usize = 6;
const TRIES: usize = 5;

/// The function.
pub fn app() -> App {
    App::new()
        .get("/", page)
        .post("/links", create)
        .get("/{name}", follow)
        .get("/{name}/count", count)
}

async fn page(_cx: Context, _req: Request) -> Result<Response> {
    Ok(Response::html(include_str!("page.html")))
}

#[derive(Deserialize)]
#[serde(crate = "guru::serde")]
struct Wanted {
    url: String,
    name: Option<String>,
}

#[derive(Serialize)]
#[serde(crate = "guru::serde")]
struct Made {
    name: String,
}

async fn create(cx: Context, mut req: Request) -> Result<Response> {
    let wanted: Wanted = req.json().await?;
    Url::parse(&wanted.url).map_err(|error| Error::field("url", error))?;
    let name = match wanted.name {
        // Of two who want it at the same time, one has it, and the other one gets a 409.
        Some(name) => {
            cx.port(links).create(&name, wanted.url).await?;
            name
        }
        None => create_any(&cx, &wanted.url).await?,
    };
    Ok(Response::json(&Made { name })?.with_status(Status::CREATED))
}

/// Makes a link with a name that nobody has.
async fn create_any(cx: &Context, url: &str) -> Result<String> {
    for _ in 0..TRIES {
        let letters = (0..LENGTH).map(|_| char::from(*cx.random().choose(LETTERS)));
        let name: String = letters.collect();
        match cx.port(links).create(&name, url).await {
            Ok(_) => return Ok(name),
            Err(error) if error.kind() == guru::ports::ErrorKind::Conflict => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::new(ErrorKind::Unavailable, "no name was free"))
}

async fn follow(cx: Context, req: Request) -> Result<Response> {
    let name: String = req.param("name")?;
    let link = cx.port(links).get(&name).await?;
    let link = link.ok_or_else(Error::not_found)?;
    let there = Response::redirect(Status::FOUND, link.text()?)?;
    cx.port(counts).add(&name, 1).await?;
    Ok(there)
}

async fn count(cx: Context, req: Request) -> Result<Response> {
    let name: String = req.param("name")?;
    if !cx.port(links).exists(&name).await? {
        return Err(Error::not_found());
    }
    let count = cx.port(counts).get(&name).await?;
    let text = match &count {
        Some(count) => count.text()?,
        None => "0",
    };
    Ok(Response::text(text.to_owned()))
}

guru::export!(app);

#[cfg(test)]
mod tests {
    use super::*;
    use guru::memory::Client;

    fn client() -> Client {
        Client::new(app()).unwrap()
    }

    fn text(answer: &Response) -> &str {
        std::str::from_utf8(answer.body().as_bytes().unwrap()).unwrap()
    }

    fn create(client: &Client, json: &str) -> Response {
        let uri = guru::Uri::parse("/links").unwrap();
        let request = Request::new(Method::POST, uri).with_body(json.to_owned());
        client.send(
            request
                .with_header("content-type", "application/json")
                .unwrap(),
        )
    }

    #[test]
    fn a_link_leads_somewhere_and_is_counted() {
        let client = client();
        let made = create(&client, r#"{"url":"https://docs.rs/","name":"docs"}"#);
        assert_eq!(
            (made.status(), text(&made)),
            (Status::CREATED, r#"{"name":"docs"}"#)
        );
        assert_eq!(text(&client.get("/docs/count")), "0");
        for _ in 0..2 {
            let there = client.get("/docs");
            assert_eq!(there.status(), Status::FOUND);
            assert_eq!(
                there.headers().get_str("location"),
                Some("https://docs.rs/")
            );
        }
        assert_eq!(text(&client.get("/docs/count")), "2");
        for none in ["/other", "/other/count"] {
            assert_eq!(client.get(none).status(), Status::NOT_FOUND);
        }
    }

    #[test]
    fn a_name_is_taken_once() {
        let client = client();
        let wanted = r#"{"url":"https://docs.rs/","name":"docs"}"#;
        assert_eq!(create(&client, wanted).status(), Status::CREATED);
        assert_eq!(create(&client, wanted).status(), Status::CONFLICT);
    }

    #[test]
    fn a_name_that_nobody_chose_is_free() {
        let client = client();
        // Two names that were drawn are somebody's already, as far as this request can see.
        client.store("links").conflicts(2);
        let made = create(&client, r#"{"url":"https://docs.rs/"}"#);
        assert_eq!(made.status(), Status::CREATED);
        assert_eq!(text(&made).len(), r#"{"name":"abcdef"}"#.len());
    }

    #[test]
    fn what_is_no_link_is_refused() {
        for wrong in [
            r#"{"url":"docs"}"#,
            r#"{"url":"javascript:alert(1)"}"#,
            "{}",
        ] {
            assert_eq!(
                create(&client(), wrong).status(),
                Status::BAD_REQUEST,
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_store_that_fails_is_a_503() {
        let client = client();
        client
            .store("links")
            .fails_once(guru::ports::ErrorKind::Unavailable);
        assert_eq!(client.get("/docs").status().as_u16(), 503);
    }
}
