//! What readers say of an article.

use guru::params;
use guru::prelude::*;

use crate::auth::User;
use crate::db;
use crate::profiles::{self, Profile};
use crate::text::{self, Time};

/// How many comments of an article are shown, the newest of them.
const SHOWN: u32 = 200;

/// A comment as clients see it.
#[derive(Deserialize, Serialize)]
#[serde(from = "Row", rename_all = "camelCase")]
pub(crate) struct Comment {
    id: i64,
    body: String,
    created_at: Time,
    updated_at: Time,
    author: Profile,
}

/// A comment as the database gives it.
#[derive(Deserialize)]
struct Row {
    id: i64,
    body: String,
    created_at: Time,
    username: String,
    bio: String,
    image: String,
    following: bool,
}

impl From<Row> for Comment {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            body: row.body,
            created_at: row.created_at,
            // Nobody can change one.
            updated_at: row.created_at,
            author: Profile {
                username: row.username,
                bio: row.bio,
                image: row.image,
                following: row.following,
            },
        }
    }
}

/// `{"comment": ...}`, as both sides say it.
#[derive(Deserialize, Serialize)]
pub(crate) struct Body<T> {
    comment: T,
}

#[derive(Serialize)]
pub(crate) struct List {
    comments: Vec<Comment>,
}

#[derive(Deserialize)]
pub(crate) struct New {
    body: Option<String>,
}

/// Comments as the reader `?1` sees them.
fn comments() -> String {
    format!(
        "SELECT c.id, c.body, c.created_at, {} FROM comments c JOIN users u ON u.id = c.author",
        profiles::COLUMNS
    )
}

pub(crate) async fn list(
    cx: Context,
    reader: Option<User>,
    Path(slug): Path<String>,
) -> Result<Json<List>> {
    let article = db::statement("SELECT id FROM articles WHERE slug = ?1", params![&slug]);
    let sql = format!(
        "{} JOIN articles a ON a.id = c.article WHERE a.slug = ?2
         ORDER BY c.created_at DESC, c.id DESC LIMIT ?3",
        comments()
    );
    let comments = db::statement(&sql, params![reader, &slug, SHOWN]);
    match db::both::<i64, _>(&cx, article, comments).await? {
        (article, _) if article.is_empty() => Err(Error::not_found()),
        (_, mut comments) => {
            comments.reverse();
            Ok(Json(List { comments }))
        }
    }
}

pub(crate) async fn create(
    cx: Context,
    user: User,
    Path(slug): Path<String>,
    Json(Body { comment: new }): Json<Body<New>>,
) -> Result<Json<Body<Comment>>> {
    let body = text::said(new.body, |body| text::required("body", body, text::COMMENT))?;
    let sql = "INSERT INTO comments (id, article, author, body, created_at)
               SELECT ?1, id, ?3, ?4, ?5 FROM articles WHERE slug = ?2";
    let id = db::key(&cx);
    let made = db::statement(sql, params![id, slug, user, body, text::now(&cx)]);
    let sql = format!("{} WHERE c.id = ?2", comments());
    let shown = db::statement(&sql, params![user, id]);
    let found = db::batch(&cx, vec![made, shown]).await?.pop();
    let comment = found.ok_or_else(Error::not_found)?;
    Ok(Json(Body { comment }))
}

pub(crate) async fn delete(
    cx: Context,
    user: User,
    Path((slug, id)): Path<(String, i64)>,
) -> Result<Status> {
    let sql = "DELETE FROM comments WHERE id = ?1 AND author = ?2
               AND article = (SELECT id FROM articles WHERE slug = ?3) RETURNING id";
    let gone: Option<i64> = db::first(&cx, sql, params![id, user, &slug]).await?;
    if gone.is_none() {
        let sql = "SELECT c.id FROM comments c JOIN articles a ON a.id = c.article
                   WHERE c.id = ?1 AND a.slug = ?2";
        return Err(db::refused(&cx, sql, params![id, slug]).await);
    }
    Ok(Status::NO_CONTENT)
}
