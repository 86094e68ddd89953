//! The backend of Conduit, a place for articles, with the API that the frontends of `RealWorld` speak
//! (<https://realworld-docs.netlify.app/>).

mod articles;
mod auth;
mod comments;
mod db;
mod profiles;
mod text;
mod users;

use guru::prelude::*;

guru::ports! {
    /// Everything that is kept.
    #[cfg(feature = "sqlite")]
    db: Sql<Sqlite>,
    /// The same where there is no SQLite.
    #[cfg(not(feature = "sqlite"))]
    db: Sql<Postgres>,
    /// What tokens are signed with: the setting `JWT_SECRET`, of 32 bytes or more.
    jwt_secret: Secret,
}

/// How many bytes a body may have: an article's of the greatest length, and as much again for what JSON makes longer.
const BODY: usize = 2 * text::ARTICLE;

/// The function.
pub fn app() -> App {
    App::new()
        .with(frontends())
        .errors(shaped)
        .group("/api", |api| {
            api.body_limit(BODY)
                .post("/users", users::register)
                .post("/users/login", users::login)
                .get("/user", users::current)
                .put("/user", users::update)
                .get("/profiles/{username}", profiles::show)
                .post("/profiles/{username}/follow", profiles::follow)
                .delete("/profiles/{username}/follow", profiles::unfollow)
                .get("/articles", articles::list)
                .get("/articles/feed", articles::feed)
                .post("/articles", articles::create)
                .get("/articles/{slug}", articles::show)
                .put("/articles/{slug}", articles::update)
                .delete("/articles/{slug}", articles::delete)
                .post("/articles/{slug}/favorite", articles::favorite)
                .delete("/articles/{slug}/favorite", articles::unfavorite)
                .get("/articles/{slug}/comments", comments::list)
                .post("/articles/{slug}/comments", comments::create)
                .delete("/articles/{slug}/comments/{id}", comments::delete)
                .get("/tags", articles::tags)
        })
}

/// A frontend may be a page of anywhere: what it may do depends on a token that it has to have, and on no cookie.
fn frontends() -> Cors {
    Cors::new()
        .allow_any_origin()
        .allow_methods(&[Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers(&["authorization", "content-type", "x-requested-with"])
}

/// What is wrong, as the API says it: a list of sentences.
#[derive(Serialize)]
struct Problems<'a> {
    errors: Problem<'a>,
}

#[derive(Serialize)]
struct Problem<'a> {
    body: [&'a str; 1],
}

fn shaped(error: &Error, _cx: &Context) -> Response {
    let body = [error.shown()];
    let problems = Problems {
        errors: Problem { body },
    };
    // A list of one text can be written.
    Response::json(&problems).unwrap_or_default()
}

guru::export!(app);

#[cfg(test)]
mod tests;
