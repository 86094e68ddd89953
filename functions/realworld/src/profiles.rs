//! What users see of each other, and whom they follow.

use guru::params;
use guru::prelude::*;

use crate::{auth, db};

/// A user as others see it.
#[derive(Deserialize, Serialize)]
pub(crate) struct Profile {
    pub(crate) username: String,
    pub(crate) bio: String,
    pub(crate) image: String,
    pub(crate) following: bool,
}

#[derive(Serialize)]
struct Body {
    profile: Profile,
}

/// The columns of a [`Profile`] of the user `u`, as the reader `?1` sees it.
pub(crate) const COLUMNS: &str = "u.username, u.bio, u.image,
    EXISTS (SELECT 1 FROM follows WHERE follower = ?1 AND followed = u.id) AS following";

pub(crate) async fn show(cx: Context, req: Request) -> Result<Response> {
    let reader = auth::reader(&cx, &req).await?;
    after(&cx, None, reader, &req).await
}

pub(crate) async fn follow(cx: Context, req: Request) -> Result<Response> {
    let user = auth::user(&cx, &req).await?;
    let sql =
        "INSERT INTO follows (follower, followed) SELECT ?1, id FROM users WHERE username = ?2
               ON CONFLICT DO NOTHING";
    after(&cx, Some(sql), user, &req).await
}

pub(crate) async fn unfollow(cx: Context, req: Request) -> Result<Response> {
    let user = auth::user(&cx, &req).await?;
    let sql = "DELETE FROM follows WHERE follower = ?1
               AND followed = (SELECT id FROM users WHERE username = ?2)";
    after(&cx, Some(sql), user, &req).await
}

/// The profile that the path names, after a statement about it and who asks.
async fn after(cx: &Context, sql: Option<&str>, reader: i64, req: &Request) -> Result<Response> {
    let username: String = req.param("username")?;
    let show = format!("SELECT {COLUMNS} FROM users u WHERE u.username = ?2");
    let both = sql.into_iter().chain([&*show]);
    let statements = both.map(|sql| db::statement(sql, params![reader, &username]));
    let found = db::batch(cx, statements.collect()).await?.pop();
    let profile = found.ok_or_else(Error::not_found)?;
    Response::json(&Body { profile })
}
