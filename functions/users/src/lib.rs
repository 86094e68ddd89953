//! Users who sign up, sign in by a cookie, and see each other page by page: what docs/coming-from.md has beside axum and Hono.

use std::time::Duration;

use guru::ports::ListQuery;
use guru::prelude::*;

guru::ports! {
    /// The key that each user signs in with, by name.
    users: KeyValue + Atomic,
    /// Who is signed in, by the token of the cookie.
    sessions: KeyValue + Atomic,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The function.
pub fn app() -> App {
    let page = Cors::new()
        .allow_origin("https://app.example.com")
        .allow_credentials()
        .allow_methods(&[Method::GET, Method::POST, Method::DELETE])
        .allow_headers(&["content-type"]);
    App::new()
        .with(page)
        .post("/users", sign_up)
        .get("/users", list)
        .get("/me", me)
        .post("/session", sign_in)
        .delete("/session", sign_out)
}

#[derive(Deserialize, Serialize)]
#[serde(crate = "guru::serde")]
struct User {
    name: String,
    key: String,
}

#[derive(Deserialize, Serialize)]
#[serde(crate = "guru::serde")]
struct Name {
    name: String,
}

/// Whoever is signed in. A handler that takes it is for them alone.
impl FromHead for Name {
    async fn from_head(cx: &Context, req: &Request) -> Result<Self> {
        let token = req.cookie("session").ok_or(ErrorKind::Unauthorized)?;
        let found = cx.port(sessions).get(token).await?;
        let name = found.ok_or(ErrorKind::Unauthorized)?.text()?.to_owned();
        Ok(Self { name })
    }
}

async fn sign_up(cx: Context, Json(Name { name }): Json<Name>) -> Result<impl IntoResponse> {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_plain || !(1..=40).contains(&name.len()) {
        let message = "a name has 1 to 40 letters and digits";
        return Err(Error::new(ErrorKind::Unprocessable, message));
    }
    let key = cx.random().uuid().to_string();
    // A name that is taken is a 409.
    cx.port(users).create(&name, &*key).await?;
    Ok((Status::CREATED, Json(User { name, key })))
}

#[derive(Deserialize)]
#[serde(crate = "guru::serde")]
struct Page {
    size: Option<usize>,
    after: Option<String>,
}

#[derive(Serialize)]
#[serde(crate = "guru::serde")]
struct Names {
    names: Vec<String>,
    next: Option<String>,
}

async fn list(cx: Context, _: Name, Query(page): Query<Page>) -> Result<Json<Names>> {
    let size = page.size.unwrap_or(20);
    if !(1..=100).contains(&size) {
        return Err(Error::field("size", "a page has 1 to 100 users"));
    }
    let query = ListQuery::new("").with_limit(size).with_cursor(page.after);
    let page = cx.port(users).list(query).await?;
    let (names, next) = (page.keys, page.cursor);
    Ok(Json(Names { names, next }))
}

async fn me(name: Name) -> Json<Name> {
    Json(name)
}

async fn sign_in(cx: Context, Json(User { name, key }): Json<User>) -> Result<Response> {
    let found = cx.port(users).get(&name).await?;
    if found.is_none_or(|known| known.as_bytes() != key.as_bytes()) {
        return Err(Error::new(ErrorKind::Unauthorized, "name or key is wrong"));
    }
    let token = cx.random().uuid().to_string();
    cx.port(sessions).set_for(&token, name, DAY).await?;
    let cookie = Cookie::new("session", token).max_age(DAY);
    Ok(Response::new(Status::NO_CONTENT).with_cookie(cookie)?)
}

async fn sign_out(cx: Context, cookies: Cookies) -> Result<Response> {
    if let Some(token) = cookies.get("session") {
        cx.port(sessions).delete(token).await?;
    }
    Ok(Response::new(Status::NO_CONTENT).with_cookie(Cookie::removed("session"))?)
}

guru::export!(app);

#[cfg(doctest)]
#[path = "../pages.rs"]
mod pages;
