//! Users, and how they sign in.

use guru::params;
use guru::prelude::*;

use crate::{auth, db, text};

/// `{"user": ...}`, as both sides say it.
#[derive(Deserialize, Serialize)]
struct Body<T> {
    user: T,
}

/// What a client sends. What is missing is empty, which is one 422 for both.
#[derive(Default, Deserialize)]
#[serde(default)]
struct New {
    username: String,
    email: String,
    password: String,
}

#[derive(Deserialize)]
struct Changes {
    username: Option<String>,
    email: Option<String>,
    password: Option<String>,
    bio: Option<String>,
    image: Option<String>,
}

/// A row of the table, without the password.
#[derive(Deserialize)]
struct Row {
    id: i64,
    username: String,
    email: String,
    bio: String,
    image: String,
}

/// The user as the client sees it who is that.
#[derive(Serialize)]
struct User {
    username: String,
    email: String,
    bio: String,
    image: String,
    token: String,
}

const COLUMNS: &str = "id, username, email, bio, image";

async fn answer(cx: &Context, row: Row) -> Result<Response> {
    let token = auth::token(cx, row.id).await?;
    let Row {
        username,
        email,
        bio,
        image,
        ..
    } = row;
    let user = User {
        username,
        email,
        bio,
        image,
        token,
    };
    Response::json(&Body { user })
}

pub(crate) async fn register(cx: Context, mut req: Request) -> Result<Response> {
    let Body { user: new } = req.json::<Body<New>>().await?;
    let username = text::line("username", &new.username)?;
    let email = text::email(&new.email)?;
    let password = hashed(&cx, &new.password)?;
    let sql = format!(
        "INSERT INTO users (id, username, email, password) VALUES (?1, ?2, ?3, ?4) RETURNING {COLUMNS}"
    );
    let id = db::key(&cx);
    let made = db::first(&cx, &sql, params![id, &username, &email, password]).await;
    let row = settled(&cx, made, id, Some(&username), Some(&email)).await?;
    Ok(answer(&cx, row).await?.with_status(Status::CREATED))
}

pub(crate) async fn login(cx: Context, mut req: Request) -> Result<Response> {
    let Body { user: said } = req.json::<Body<New>>().await?;
    let sql = "SELECT id, password FROM users WHERE lower(email) = lower(?1)";
    let email = text::allowed("email", said.email.trim())?;
    let found: Option<(i64, String)> = db::first(&cx, sql, params![email]).await?;
    let hash = found.as_ref().map(|(_, hash)| &**hash);
    let is_right = auth::is_password(&said.password, hash);
    match found {
        Some((id, _)) if is_right => of(&cx, id).await,
        _ => Err(Error::new(
            ErrorKind::Unauthorized,
            "email or password is wrong",
        )),
    }
}

pub(crate) async fn current(cx: Context, req: Request) -> Result<Response> {
    let user = auth::user(&cx, &req).await?;
    of(&cx, user).await
}

/// The user of a key, who has a new token with it.
async fn of(cx: &Context, id: i64) -> Result<Response> {
    let sql = format!("SELECT {COLUMNS} FROM users WHERE id = ?1");
    let row = db::first(cx, &sql, params![id]).await?;
    answer(cx, row.ok_or(ErrorKind::Unauthorized)?).await
}

pub(crate) async fn update(cx: Context, mut req: Request) -> Result<Response> {
    let id = auth::user(&cx, &req).await?;
    let Body { user: new } = req.json::<Body<Changes>>().await?;
    let username = new
        .username
        .map(|name| text::line("username", &name))
        .transpose()?;
    let email = new.email.map(|email| text::email(&email)).transpose()?;
    let password = new
        .password
        .map(|password| hashed(&cx, &password))
        .transpose()?;
    let bio = new.bio.map(|bio| text::allowed("bio", &bio)).transpose()?;
    let image = new
        .image
        .map(|image| text::allowed("image", &image))
        .transpose()?;
    let sql = format!(
        "UPDATE users SET username = coalesce(?2, username), email = coalesce(?3, email),
             password = coalesce(?4, password), bio = coalesce(?5, bio), image = coalesce(?6, image)
         WHERE id = ?1 RETURNING {COLUMNS}"
    );
    let values = params![id, username.as_ref(), email.as_ref(), password, bio, image];
    let made = db::first(&cx, &sql, values).await;
    let row = settled(&cx, made, id, username.as_deref(), email.as_deref()).await?;
    answer(&cx, row).await
}

fn hashed(cx: &Context, password: &str) -> Result<String> {
    text::required("password", password)?;
    auth::hash(cx, password)
}

/// The row that was written; else a 422 for what is somebody else's. The table's constraints have decided that, and which one of them
/// it was is only asked for the words.
async fn settled(
    cx: &Context,
    made: Result<Option<Row>>,
    id: i64,
    username: Option<&str>,
    email: Option<&str>,
) -> Result<Row> {
    match made {
        Ok(row) => Ok(row.ok_or(ErrorKind::Unauthorized)?),
        Err(error) if error.kind() == ErrorKind::Conflict => {
            let sql = "SELECT CASE WHEN username = ?2 THEN 'username' ELSE 'email' END AS field
                       FROM users WHERE id <> ?1 AND (username = ?2 OR lower(email) = lower(?3))";
            let field: Option<String> = db::first(cx, sql, params![id, username, email]).await?;
            Err(field.map_or(error, |field| {
                text::invalid(&field, "has already been taken")
            }))
        }
        Err(error) => Err(error),
    }
}
