//! Articles: lists of them, one of them, and what readers and authors do to it.

use guru::params;
use guru::ports::Statement;
use guru::prelude::*;
use serde::de::DeserializeOwned;

use crate::auth::User;
use crate::db;
use crate::profiles::{self, Profile};
use crate::text::{self, Time};

/// How many articles are on a page, unless the client says, and at most.
const PAGE: u32 = 20;
const LONGEST_PAGE: u32 = 100;

/// How many tags an article may have.
const TAGS: usize = 20;

/// An article as clients see it.
#[derive(Deserialize, Serialize)]
#[serde(from = "Row", rename_all = "camelCase")]
pub(crate) struct Article {
    slug: String,
    title: String,
    description: String,
    /// Lists are without.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    tag_list: Vec<String>,
    created_at: Time,
    updated_at: Time,
    favorited: bool,
    favorites_count: u64,
    author: Profile,
}

/// An article as the database gives it: flat, and its tags in one text.
#[derive(Deserialize)]
struct Row {
    slug: String,
    title: String,
    description: String,
    body: Option<String>,
    tags: Option<String>,
    created_at: Time,
    updated_at: Time,
    favorited: bool,
    favorites: u64,
    username: String,
    bio: String,
    image: String,
    following: bool,
}

impl From<Row> for Article {
    fn from(row: Row) -> Self {
        let tags = row.tags.unwrap_or_default();
        // Here, as each database has an order of its own.
        let mut tag_list: Vec<_> = tags.lines().map(str::to_owned).collect();
        tag_list.sort_unstable();
        Self {
            slug: row.slug,
            title: row.title,
            description: row.description,
            body: row.body,
            tag_list,
            created_at: row.created_at,
            updated_at: row.updated_at,
            favorited: row.favorited,
            favorites_count: row.favorites,
            author: Profile {
                username: row.username,
                bio: row.bio,
                image: row.image,
                following: row.following,
            },
        }
    }
}

/// `{"article": ...}`, as both sides say it.
#[derive(Deserialize, Serialize)]
pub(crate) struct Body<T> {
    article: T,
}

type Answer = Result<Json<Body<Article>>>;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Page {
    articles: Vec<Article>,
    articles_count: u64,
}

/// What a reader wants of all articles; what is empty is not asked for.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    tag: String,
    author: String,
    favorited: String,
    limit: Option<u32>,
    offset: Option<u32>,
}

/// What a client says of an article. What is missing or `null` is not said.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Said {
    title: Option<String>,
    description: Option<String>,
    body: Option<String>,
    /// Only a new one gets them.
    tag_list: Option<Vec<String>>,
}

fn title(value: &str) -> Result<String> {
    text::line("title", value, text::TITLE)
}

fn description(value: &str) -> Result<String> {
    text::required("description", value, text::SHORT)
}

fn body(value: &str) -> Result<String> {
    text::required("body", value, text::ARTICLE)
}

/// All of an article but its body, as the reader `?1` sees it.
fn columns() -> String {
    format!(
        "a.slug, a.title, a.description, a.created_at, a.updated_at, {},
         (SELECT string_agg(t.tag, '\n') FROM tags t WHERE t.article = a.id) AS tags,
         (SELECT count(*) FROM favorites f WHERE f.article = a.id) AS favorites,
         EXISTS (SELECT 1 FROM favorites f WHERE f.article = a.id AND f.reader = ?1) AS favorited",
        profiles::COLUMNS
    )
}

/// The articles that are wanted: of whom the reader `?1` follows, if `?2`, with the tag `?3`, by `?4`, and favorited by `?5`.
const WANTED: &str = "FROM articles a JOIN users u ON u.id = a.author
    WHERE (NOT ?2 OR EXISTS (SELECT 1 FROM follows WHERE follower = ?1 AND followed = a.author))
    AND (?3 = '' OR EXISTS (SELECT 1 FROM tags t WHERE t.article = a.id AND t.tag = ?3))
    AND (?4 = '' OR u.username = ?4)
    AND (?5 = '' OR EXISTS (SELECT 1 FROM favorites f JOIN users r ON r.id = f.reader
                            WHERE f.article = a.id AND r.username = ?5))";

pub(crate) async fn list(
    cx: Context,
    reader: Option<User>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page>> {
    page(&cx, reader, false, wanted).await
}

pub(crate) async fn feed(
    cx: Context,
    user: User,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page>> {
    page(&cx, Some(user), true, wanted).await
}

/// A page of articles, the newest first, and how many there are without its limits: two statements, whatever is on it.
async fn page(
    cx: &Context,
    reader: Option<User>,
    is_feed: bool,
    wanted: Wanted,
) -> Result<Json<Page>> {
    let limit = wanted.limit.unwrap_or(PAGE).min(LONGEST_PAGE);
    let offset = wanted.offset.unwrap_or_default();
    let values = params![reader, is_feed, wanted.tag, wanted.author, wanted.favorited];
    let count = format!("SELECT count(*) AS total {WANTED}");
    let count = db::statement(&count, values.clone());
    let articles = format!(
        "SELECT {} {WANTED} ORDER BY a.created_at DESC, a.id DESC LIMIT ?6 OFFSET ?7",
        columns()
    );
    let articles = db::statement(&articles, values).bind(limit).bind(offset);
    let (counted, articles) = db::both::<u64, _>(cx, count, articles).await?;
    let articles_count = counted.into_iter().sum();
    Ok(Json(Page {
        articles,
        articles_count,
    }))
}

/// Shows an article as this reader sees it.
fn shown(reader: Option<User>, slug: &str) -> Statement {
    let sql = format!(
        "SELECT {}, a.body FROM articles a JOIN users u ON u.id = a.author WHERE a.slug = ?2",
        columns()
    );
    db::statement(&sql, params![reader, slug])
}

fn answer(mut found: Vec<Article>) -> Answer {
    let article = found.pop().ok_or_else(Error::not_found)?;
    Ok(Json(Body { article }))
}

pub(crate) async fn show(cx: Context, reader: Option<User>, Path(slug): Path<String>) -> Answer {
    answer(db::batch(&cx, vec![shown(reader, &slug)]).await?)
}

pub(crate) async fn create(
    cx: Context,
    user: User,
    Json(Body { article: new }): Json<Body<Said>>,
) -> Result<(Status, Json<Body<Article>>)> {
    let title = text::said(new.title, title)?;
    let description = text::said(new.description, description)?;
    let body = text::said(new.body, body)?;
    let tags = new.tag_list.unwrap_or_default();
    if tags.len() > TAGS {
        return Err(text::invalid("tagList", "has more than 20 tags"));
    }
    let tags = tags.iter().map(|tag| text::line("tag", tag, text::TAG));
    let tags = tags.collect::<Result<Vec<_>>>()?;
    let (id, now) = (db::key(&cx), text::now(&cx));
    let made = named(&cx, text::slugs(&cx, &title), |slug| {
        let sql = "INSERT INTO articles (id, slug, author, title, description, body, created_at, updated_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)";
        let values = params![id, slug, user, &title, &description, &body, now];
        let article = db::statement(sql, values);
        let sql = "INSERT INTO tags (article, tag) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        let tags = tags.iter().map(|tag| db::statement(sql, params![id, tag]));
        let shown = shown(Some(user), slug);
        [article].into_iter().chain(tags).chain([shown]).collect()
    });
    Ok((Status::CREATED, answer(made.await?)?))
}

pub(crate) async fn update(
    cx: Context,
    user: User,
    Path(slug): Path<String>,
    Json(Body { article: new }): Json<Body<Said>>,
) -> Answer {
    let title = text::if_said(new.title, title)?;
    let description = text::if_said(new.description, description)?;
    let body = text::if_said(new.body, body)?;
    let slugs = match &title {
        Some(title) => text::slugs(&cx, title),
        None => vec![slug.clone()],
    };
    let now = text::now(&cx);
    let changed = named(&cx, slugs, |name| {
        let sql = "UPDATE articles SET slug = CASE WHEN title = ?3 THEN slug ELSE ?4 END,
                       title = coalesce(?3, title), description = coalesce(?5, description),
                       body = coalesce(?6, body), updated_at = ?7
                   WHERE slug = ?1 AND author = ?2 RETURNING slug";
        let (title, description, body) = (title.as_ref(), description.as_ref(), body.as_ref());
        let values = params![&slug, user, title, name, description, body, now];
        vec![db::statement(sql, values)]
    });
    match changed.await?.pop() {
        Some(slug) => show(cx, Some(user), Path(slug)).await,
        None => Err(refused(&cx, &slug).await),
    }
}

/// Runs statements that give an article the first of these slugs that nobody has.
async fn named<T: DeserializeOwned>(
    cx: &Context,
    slugs: Vec<String>,
    statements: impl Fn(&str) -> Vec<Statement>,
) -> Result<Vec<T>> {
    let mut done = Err(ErrorKind::Conflict.into());
    for slug in slugs {
        done = db::batch(cx, statements(&slug)).await;
        match &done {
            Err(error) if error.kind() == ErrorKind::Conflict => {}
            _ => break,
        }
    }
    done
}

pub(crate) async fn delete(cx: Context, user: User, Path(slug): Path<String>) -> Result<Status> {
    let sql = "DELETE FROM articles WHERE slug = ?1 AND author = ?2 RETURNING id";
    let gone: Option<i64> = db::first(&cx, sql, params![&slug, user]).await?;
    if gone.is_none() {
        return Err(refused(&cx, &slug).await);
    }
    Ok(Status::NO_CONTENT)
}

/// Why nothing was done to an article.
async fn refused(cx: &Context, slug: &str) -> Error {
    let sql = "SELECT id FROM articles WHERE slug = ?1";
    db::refused(cx, sql, params![slug]).await
}

pub(crate) async fn favorite(cx: Context, user: User, Path(slug): Path<String>) -> Answer {
    let sql = "INSERT INTO favorites (reader, article) SELECT ?1, id FROM articles WHERE slug = ?2
               ON CONFLICT DO NOTHING";
    let mark = db::statement(sql, params![user, &slug]);
    answer(db::batch(&cx, vec![mark, shown(Some(user), &slug)]).await?)
}

pub(crate) async fn unfavorite(cx: Context, user: User, Path(slug): Path<String>) -> Answer {
    let sql = "DELETE FROM favorites WHERE reader = ?1
               AND article = (SELECT id FROM articles WHERE slug = ?2)";
    let mark = db::statement(sql, params![user, &slug]);
    answer(db::batch(&cx, vec![mark, shown(Some(user), &slug)]).await?)
}

#[derive(Serialize)]
pub(crate) struct Tags {
    tags: Vec<String>,
}

/// The tags that most articles have.
pub(crate) async fn tags(cx: Context) -> Result<Json<Tags>> {
    let sql = "SELECT tag, count(*) AS articles FROM tags GROUP BY tag
               ORDER BY articles DESC, tag LIMIT 100";
    let mut tags: Vec<(String, u64)> = db::all(&cx, sql, params![]).await?;
    // Again, as each database has an order of its own.
    tags.sort_by(|(a, many), (b, more)| more.cmp(many).then_with(|| a.cmp(b)));
    let tags = tags.into_iter().map(|(tag, _)| tag).collect();
    Ok(Json(Tags { tags }))
}
