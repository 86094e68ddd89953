//! Users, and how they sign in.

use guru::params;
use guru::prelude::*;

use crate::auth::{self, User};
use crate::{db, text};

/// `{"user": ...}`, as both sides say it.
#[derive(Deserialize, Serialize)]
pub(crate) struct Body<T> {
    user: T,
}

/// What a client sends. What is missing is empty, which is one 422 for both.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct New {
    username: String,
    email: String,
    password: String,
}

#[derive(Deserialize)]
pub(crate) struct Changes {
    username: Option<String>,
    email: Option<String>,
    password: Option<String>,
    bio: Option<String>,
    image: Option<String>,
}

/// The user as the one sees it who is it: a row of the table, and a token.
#[derive(Deserialize, Serialize)]
pub(crate) struct Account {
    #[serde(skip_serializing)]
    id: User,
    username: String,
    email: String,
    bio: String,
    image: String,
    #[serde(default)]
    token: String,
}

/// What an [`Account`] has of the table.
const COLUMNS: &str = "id, username, email, bio, image";

type Answer = Result<Json<Body<Account>>>;

/// Answers with a user, who gets a new token with it.
async fn answer(cx: &Context, mut user: Account) -> Answer {
    user.token = auth::token(cx, user.id).await?;
    Ok(Json(Body { user }))
}

pub(crate) async fn register(
    cx: Context,
    Json(Body { user: new }): Json<Body<New>>,
) -> Result<(Status, Json<Body<Account>>)> {
    let username = text::line("username", &new.username)?;
    let email = text::email(&new.email)?;
    let password = hashed(&cx, &new.password)?;
    let sql = format!(
        "INSERT INTO users (id, username, email, password) VALUES (?1, ?2, ?3, ?4) RETURNING {COLUMNS}"
    );
    let user = User(db::key(&cx));
    let made = db::first(&cx, &sql, params![user, &username, &email, password]).await;
    let account = settled(&cx, made, user, Some(&username), Some(&email)).await?;
    Ok((Status::CREATED, answer(&cx, account).await?))
}

pub(crate) async fn login(cx: Context, Json(Body { user: said }): Json<Body<New>>) -> Answer {
    let sql = "SELECT id, password FROM users WHERE lower(email) = lower(?1)";
    let found: Option<(i64, String)> = db::first(&cx, sql, params![said.email.trim()]).await?;
    let hash = found.as_ref().map(|(_, hash)| &**hash);
    let is_right = auth::is_password(&said.password, hash);
    match found {
        Some((key, _)) if is_right => current(cx, User(key)).await,
        _ => Err(Error::new(
            ErrorKind::Unauthorized,
            "email or password is wrong",
        )),
    }
}

pub(crate) async fn current(cx: Context, user: User) -> Answer {
    let sql = format!("SELECT {COLUMNS} FROM users WHERE id = ?1");
    let account = db::first(&cx, &sql, params![user]).await?;
    answer(&cx, account.ok_or(ErrorKind::Unauthorized)?).await
}

pub(crate) async fn update(
    cx: Context,
    user: User,
    Json(Body { user: new }): Json<Body<Changes>>,
) -> Answer {
    let username = text::if_said(new.username, |name| text::line("username", name))?;
    let email = text::if_said(new.email, text::email)?;
    let password = text::if_said(new.password, |password| hashed(&cx, password))?;
    let sql = format!(
        "UPDATE users SET username = coalesce(?2, username), email = coalesce(?3, email),
             password = coalesce(?4, password), bio = coalesce(?5, bio), image = coalesce(?6, image)
         WHERE id = ?1 RETURNING {COLUMNS}"
    );
    let values = params![
        user,
        username.as_ref(),
        email.as_ref(),
        password,
        new.bio,
        new.image
    ];
    let made = db::first(&cx, &sql, values).await;
    let account = settled(&cx, made, user, username.as_deref(), email.as_deref()).await?;
    answer(&cx, account).await
}

fn hashed(cx: &Context, password: &str) -> Result<String> {
    text::required("password", password)?;
    auth::hash(cx, password)
}

/// The row that was written; else a 422 for what is somebody else's. The table's constraints have decided that, and which one of them
/// it was is only asked for the words.
async fn settled(
    cx: &Context,
    made: Result<Option<Account>>,
    user: User,
    username: Option<&str>,
    email: Option<&str>,
) -> Result<Account> {
    match made {
        Ok(account) => Ok(account.ok_or(ErrorKind::Unauthorized)?),
        Err(error) if error.kind() == ErrorKind::Conflict => {
            let sql = "SELECT CASE WHEN username = ?2 THEN 'username' ELSE 'email' END AS field
                       FROM users WHERE id <> ?1 AND (username = ?2 OR lower(email) = lower(?3))";
            let field: Option<String> = db::first(cx, sql, params![user, username, email]).await?;
            Err(field.map_or(error, |field| {
                text::invalid(&field, "has already been taken")
            }))
        }
        Err(error) => Err(error),
    }
}
