//! What readers say of an article.

use guru::params;
use guru::prelude::*;

use crate::profiles::{self, Profile};
use crate::text::Time;
use crate::{auth, db, text};

/// A comment as clients see it.
#[derive(Deserialize, Serialize)]
#[serde(from = "Row", rename_all = "camelCase")]
struct Comment {
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
struct Body<T> {
    comment: T,
}

#[derive(Serialize)]
struct List {
    comments: Vec<Comment>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct New {
    body: String,
}

/// Comments as the reader `?1` sees them.
fn comments() -> String {
    format!(
        "SELECT c.id, c.body, c.created_at, {} FROM comments c JOIN users u ON u.id = c.author",
        profiles::COLUMNS
    )
}

pub(crate) async fn list(cx: Context, req: Request) -> Result<Response> {
    let reader = auth::reader(&cx, &req).await?;
    let slug: String = req.param("slug")?;
    let article = db::statement("SELECT id FROM articles WHERE slug = ?1", params![&slug]);
    let sql = format!(
        "{} JOIN articles a ON a.id = c.article WHERE a.slug = ?2 ORDER BY c.created_at, c.id",
        comments()
    );
    let comments = db::statement(&sql, params![reader, &slug]);
    let (article, comments) = db::both::<i64, _>(&cx, article, comments).await?;
    if article.is_empty() {
        return Err(Error::not_found());
    }
    Response::json(&List { comments })
}

pub(crate) async fn create(cx: Context, mut req: Request) -> Result<Response> {
    let user = auth::user(&cx, &req).await?;
    let slug: String = req.param("slug")?;
    let Body { comment: new } = req.json::<Body<New>>().await?;
    let body = text::required("body", &new.body)?;
    let sql = "INSERT INTO comments (id, article, author, body, created_at)
               SELECT ?1, id, ?3, ?4, ?5 FROM articles WHERE slug = ?2";
    let id = db::key(&cx);
    let values = params![id, slug, user, body, text::now(&cx)];
    let sql_of_it = format!("{} WHERE c.id = ?2", comments());
    let both = vec![
        db::statement(sql, values),
        db::statement(&sql_of_it, params![user, id]),
    ];
    let made = db::batch::<Comment>(&cx, both).await?.pop();
    let comment = made.ok_or_else(Error::not_found)?;
    Response::json(&Body { comment })
}

pub(crate) async fn delete(cx: Context, req: Request) -> Result<Response> {
    let user = auth::user(&cx, &req).await?;
    let (slug, id): (String, i64) = (req.param("slug")?, req.param("id")?);
    let sql = "DELETE FROM comments WHERE id = ?1 AND author = ?2
               AND article = (SELECT id FROM articles WHERE slug = ?3) RETURNING id";
    match db::first::<i64>(&cx, sql, params![id, user, &slug]).await? {
        Some(_) => Ok(Response::new(Status::NO_CONTENT)),
        None => {
            let sql = "SELECT c.id FROM comments c JOIN articles a ON a.id = c.article
                       WHERE c.id = ?1 AND a.slug = ?2";
            Err(db::refused(&cx, sql, params![id, &slug]).await)
        }
    }
}
