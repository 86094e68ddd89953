//! What users see of each other, and whom they follow.

use guru::params;
use guru::prelude::*;

use crate::auth::User;
use crate::db;

/// A user as others see it.
#[derive(Deserialize, Serialize)]
pub(crate) struct Profile {
    pub(crate) username: String,
    pub(crate) bio: String,
    pub(crate) image: String,
    pub(crate) following: bool,
}

#[derive(Serialize)]
pub(crate) struct Body {
    profile: Profile,
}

/// The columns of a [`Profile`] of the user `u`, as the reader `?1` sees it.
pub(crate) const COLUMNS: &str = "u.username, u.bio, u.image,
    EXISTS (SELECT 1 FROM follows WHERE follower = ?1 AND followed = u.id) AS following";

pub(crate) async fn show(
    cx: Context,
    reader: Option<User>,
    Path(username): Path<String>,
) -> Result<Json<Body>> {
    after(&cx, None, reader, &username).await
}

pub(crate) async fn follow(
    cx: Context,
    user: User,
    Path(username): Path<String>,
) -> Result<Json<Body>> {
    let sql =
        "INSERT INTO follows (follower, followed) SELECT ?1, id FROM users WHERE username = ?2
               ON CONFLICT DO NOTHING";
    after(&cx, Some(sql), Some(user), &username).await
}

pub(crate) async fn unfollow(
    cx: Context,
    user: User,
    Path(username): Path<String>,
) -> Result<Json<Body>> {
    let sql = "DELETE FROM follows WHERE follower = ?1
               AND followed = (SELECT id FROM users WHERE username = ?2)";
    after(&cx, Some(sql), Some(user), &username).await
}

/// A profile, after a statement about it and who asks.
async fn after(
    cx: &Context,
    sql: Option<&str>,
    reader: Option<User>,
    username: &str,
) -> Result<Json<Body>> {
    let show = format!("SELECT {COLUMNS} FROM users u WHERE u.username = ?2");
    let both = sql.into_iter().chain([&*show]);
    let statements = both.map(|sql| db::statement(sql, params![reader, username]));
    let found = db::batch(cx, statements.collect()).await?.pop();
    let profile = found.ok_or_else(Error::not_found)?;
    Ok(Json(Body { profile }))
}
