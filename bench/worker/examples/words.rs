//! What docs/coming-from/workers-rs.md has beside ours: short links, and a key to keep them.

use worker::{Context, Env, Request, Response, Result, RouteContext, Router, Url, event};

#[event(fetch)]
async fn fetch(req: Request, env: Env, _ctx: Context) -> Result<Response> {
    Router::new()
        .get_async("/:name", follow)
        .put_async("/:name", keep)
        .run(req, env)
        .await
}

async fn follow(_req: Request, ctx: RouteContext<()>) -> Result<Response> {
    let name = ctx.param("name").ok_or("no name")?;
    match ctx.kv("links")?.get(name).text().await? {
        Some(link) => Response::redirect(Url::parse(&link)?),
        None => Response::error("not found", 404),
    }
}

async fn keep(mut req: Request, ctx: RouteContext<()>) -> Result<Response> {
    let key = ctx.secret("API_KEY")?.to_string();
    if req.headers().get("x-key")?.as_deref() != Some(&*key) {
        return Response::error("unauthorized", 401);
    }
    let name = ctx.param("name").ok_or("no name")?;
    let link = req.text().await?;
    ctx.kv("links")?.put(name, link)?.execute().await?;
    Ok(Response::empty()?.with_status(201))
}
