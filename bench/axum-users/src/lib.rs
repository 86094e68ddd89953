//! Users who sign up, sign in by a cookie, and see each other page by page: what docs/coming-from.md has beside Guru.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, State};
use axum::http::{HeaderValue, Method, StatusCode, header, request::Parts};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tower_http::cors::CorsLayer;
use uuid::Uuid;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Default)]
struct Data {
    /// The key that each user signs in with, by name.
    users: BTreeMap<String, String>,
    /// Who is signed in until when, by the token of the cookie.
    sessions: HashMap<String, (String, Instant)>,
}

type Shared = Arc<Mutex<Data>>;

pub fn app() -> Router {
    let page = CorsLayer::new()
        .allow_origin(HeaderValue::from_static("https://app.example.com"))
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers([header::CONTENT_TYPE]);
    Router::new()
        .route("/users", post(sign_up).get(list))
        .route("/me", get(me))
        .route("/session", post(sign_in).delete(sign_out))
        .fallback(async || Failure::new(StatusCode::NOT_FOUND, "not found"))
        .layer(page)
        .with_state(Shared::default())
}

struct Failure {
    status: StatusCode,
    message: String,
}

impl Failure {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { status, message }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": self.message }))).into_response()
    }
}

impl From<JsonRejection> for Failure {
    fn from(rejection: JsonRejection) -> Self {
        Self::new(StatusCode::BAD_REQUEST, rejection.body_text())
    }
}

impl From<QueryRejection> for Failure {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(StatusCode::BAD_REQUEST, rejection.body_text())
    }
}

#[derive(FromRequest)]
#[from_request(via(Json), rejection(Failure))]
struct Content<T>(T);

#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Failure))]
struct Query<T>(T);

#[derive(Deserialize, Serialize)]
struct User {
    name: String,
    key: String,
}

#[derive(Deserialize, Serialize)]
struct Name {
    name: String,
}

/// Whoever is signed in. A handler that takes it is for them alone.
impl FromRequestParts<Shared> for Name {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, data: &Shared) -> Result<Self, Failure> {
        let cookies = CookieJar::from_headers(&parts.headers);
        let data = data.lock().unwrap();
        let session = cookies.get("session").map(Cookie::value);
        match session.and_then(|token| data.sessions.get(token)) {
            Some((name, until)) if *until > Instant::now() => Ok(Self { name: name.clone() }),
            _ => Err(Failure::new(StatusCode::UNAUTHORIZED, "unauthorized")),
        }
    }
}

async fn sign_up(
    State(data): State<Shared>,
    Content(Name { name }): Content<Name>,
) -> Result<(StatusCode, Json<User>), Failure> {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_plain || !(1..=40).contains(&name.len()) {
        let message = "a name has 1 to 40 letters and digits";
        return Err(Failure::new(StatusCode::UNPROCESSABLE_ENTITY, message));
    }
    let users = &mut data.lock().unwrap().users;
    if users.contains_key(&name) {
        return Err(Failure::new(StatusCode::CONFLICT, "the name is taken"));
    }
    let key = Uuid::new_v4().to_string();
    users.insert(name.clone(), key.clone());
    Ok((StatusCode::CREATED, Json(User { name, key })))
}

#[derive(Deserialize)]
struct Page {
    size: Option<usize>,
    after: Option<String>,
}

#[derive(Serialize)]
struct Names {
    names: Vec<String>,
    next: Option<String>,
}

async fn list(
    State(data): State<Shared>,
    _: Name,
    Query(page): Query<Page>,
) -> Result<Json<Names>, Failure> {
    let size = page.size.unwrap_or(20);
    if !(1..=100).contains(&size) {
        let message = "a page has 1 to 100 users";
        return Err(Failure::new(StatusCode::BAD_REQUEST, message));
    }
    let after = page.after.map_or(Bound::Unbounded, Bound::Excluded);
    let users = &data.lock().unwrap().users;
    let mut found = users.range((after, Bound::Unbounded)).map(|(name, _)| name);
    let names: Vec<_> = found.by_ref().take(size).cloned().collect();
    let next = found.next().and(names.last().cloned());
    Ok(Json(Names { names, next }))
}

async fn me(name: Name) -> Json<Name> {
    Json(name)
}

fn cookie(token: String) -> Cookie<'static> {
    Cookie::build(("session", token))
        .path("/")
        .http_only(true)
        .secure(true)
        .same_site(SameSite::Lax)
        .max_age(DAY.try_into().unwrap())
        .build()
}

async fn sign_in(
    State(data): State<Shared>,
    cookies: CookieJar,
    Content(User { name, key }): Content<User>,
) -> Result<(StatusCode, CookieJar), Failure> {
    let mut data = data.lock().unwrap();
    if data.users.get(&name) != Some(&key) {
        return Err(Failure::new(
            StatusCode::UNAUTHORIZED,
            "name or key is wrong",
        ));
    }
    let token = Uuid::new_v4().to_string();
    data.sessions
        .insert(token.clone(), (name, Instant::now() + DAY));
    Ok((StatusCode::NO_CONTENT, cookies.add(cookie(token))))
}

async fn sign_out(State(data): State<Shared>, cookies: CookieJar) -> (StatusCode, CookieJar) {
    if let Some(token) = cookies.get("session") {
        data.lock().unwrap().sessions.remove(token.value());
    }
    (
        StatusCode::NO_CONTENT,
        cookies.remove(cookie(String::new())),
    )
}
