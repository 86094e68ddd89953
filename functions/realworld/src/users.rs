//! Users, and how they sign in.

use guru::params;
use guru::prelude::*;

use crate::auth::{self, Session, User};
use crate::{db, text};

/// `{"user": ...}`, as both sides say it.
#[derive(Deserialize, Serialize)]
pub(crate) struct Body<T> {
    user: T,
}

/// What a client says of a user. What is missing or `null` is not said.
#[derive(Deserialize)]
pub(crate) struct Said {
    username: Option<String>,
    email: Option<String>,
    password: Option<String>,
    /// `null` empties these two.
    #[serde(default, deserialize_with = "text::or_empty")]
    bio: Option<String>,
    #[serde(default, deserialize_with = "text::or_empty")]
    image: Option<String>,
}

/// The user as the one sees it who is it: a row of the table, and a token.
#[derive(Deserialize, Serialize)]
pub(crate) struct Account {
    #[serde(skip_serializing)]
    id: User,
    /// The hash of the password, and its version, which another password has another of.
    #[serde(skip_serializing)]
    password: String,
    #[serde(skip_serializing)]
    version: i64,
    username: String,
    email: String,
    bio: String,
    image: String,
    #[serde(default)]
    token: String,
}

/// What an [`Account`] has of the table.
const COLUMNS: &str = "id, password, version, username, email, bio, image";

type Answer = Result<Json<Body<Account>>>;

/// Answers with a user, and the token that the request had or a new one.
async fn answer(cx: &Context, mut user: Account, token: Option<String>) -> Answer {
    user.token = match token {
        Some(token) => token,
        None => auth::token(cx, user.id, user.version).await?,
    };
    Ok(Json(Body { user }))
}

pub(crate) async fn register(
    cx: Context,
    Json(Body { user: new }): Json<Body<Said>>,
) -> Result<(Status, Json<Body<Account>>)> {
    let username = text::said(new.username, text::username)?;
    let email = text::said(new.email, text::email)?;
    let password = text::said(new.password, text::password)?;
    let user = User(db::key(&cx));
    // Ahead of the hash, which is what costs; two who ask at once get past this, and the table decides.
    free(&cx, user, Some(&username), Some(&email)).await?;
    let sql = format!(
        "INSERT INTO users (id, username, email, password, version) VALUES (?1, ?2, ?3, ?4, ?5)
         RETURNING {COLUMNS}"
    );
    let hash = auth::hash(&cx, &password)?;
    let values = params![user, &username, &email, hash, db::key(&cx)];
    let made = db::first(&cx, &sql, values).await;
    let account = settled(&cx, made, user, Some(&username), Some(&email)).await?;
    Ok((Status::CREATED, answer(&cx, account, None).await?))
}

pub(crate) async fn login(cx: Context, Json(Body { user: said }): Json<Body<Said>>) -> Answer {
    let email = text::lower(&said.email.unwrap_or_default());
    let sql = format!("SELECT {COLUMNS} FROM users WHERE email = ?1");
    let found: Option<Account> = db::first(&cx, &sql, params![email]).await?;
    let hash = found.as_ref().map(|account| &*account.password);
    let is_right = auth::is_password(&said.password.unwrap_or_default(), hash);
    match found {
        Some(account) if is_right => answer(&cx, account, None).await,
        _ => Err(auth::refused("email or password is wrong")),
    }
}

/// The token is the one that came: who only looks does not stay signed in for ever.
pub(crate) async fn current(cx: Context, session: Session) -> Answer {
    let sql = format!("SELECT {COLUMNS} FROM users WHERE id = ?1 AND version = ?2");
    let account = db::first(&cx, &sql, params![session.user, session.version]).await?;
    let account = account.ok_or_else(auth::unauthorized)?;
    answer(&cx, account, Some(session.token)).await
}

pub(crate) async fn update(
    cx: Context,
    session: Session,
    Json(Body { user: new }): Json<Body<Said>>,
) -> Answer {
    let username = text::if_said(new.username, text::username)?;
    let email = text::if_said(new.email, text::email)?;
    let bio = text::if_said(new.bio, |bio| text::short("bio", bio, text::SHORT))?;
    let image = text::if_said(new.image, |url| text::short("image", url, text::SHORT))?;
    let password = text::if_said(new.password, text::password)?;
    let hash = text::if_said(password, |password| auth::hash(&cx, password))?;
    // Another password has another version: `/user` takes no token of the last one any more, and the rest takes one until it ends.
    let version = hash.as_ref().map(|_| db::key(&cx));
    let token = hash.is_none().then_some(session.token);
    let sql = format!(
        "UPDATE users SET username = coalesce(?3, username), email = coalesce(?4, email),
             password = coalesce(?5, password), version = coalesce(?6, version),
             bio = coalesce(?7, bio), image = coalesce(?8, image)
         WHERE id = ?1 AND version = ?2 RETURNING {COLUMNS}"
    );
    let user = session.user;
    let (name, address) = (username.as_ref(), email.as_ref());
    let values = params![
        user,
        session.version,
        name,
        address,
        hash,
        version,
        bio,
        image
    ];
    let made = db::first(&cx, &sql, values).await;
    let account = settled(&cx, made, user, username.as_deref(), email.as_deref()).await?;
    answer(&cx, account, token).await
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
        Ok(account) => account.ok_or_else(auth::unauthorized),
        Err(error) if error.kind() == ErrorKind::Conflict => {
            free(cx, user, username, email).await?;
            Err(error)
        }
        Err(error) => Err(error),
    }
}

/// A 422 if the name or the address is somebody else's.
async fn free(cx: &Context, user: User, username: Option<&str>, email: Option<&str>) -> Result<()> {
    let sql = "SELECT CASE WHEN username = ?2 THEN 'username' ELSE 'email' END AS field
               FROM users WHERE id <> ?1 AND (username = ?2 OR email = ?3)
               ORDER BY username = ?2 DESC";
    let field: Option<String> = db::first(cx, sql, params![user, username, email]).await?;
    match field {
        Some(field) => Err(text::invalid(&field, "has already been taken")),
        None => Ok(()),
    }
}
