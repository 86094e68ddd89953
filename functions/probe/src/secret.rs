//! `/secret`: a secret, of which a client is told no more than it needs to check it.

use guru::prelude::*;

use crate::ports::{probe_secret, probe_secret_unset};

pub(crate) fn routes(app: App) -> App {
    app.post("/secret", said)
        .get("/secret/shown", shown)
        .get("/secret/unset", unset)
}

/// Whether the body is the secret.
async fn said(cx: Context, mut req: Request) -> Result<Response> {
    let said = req.text().await?;
    let secret = cx.port(probe_secret).get().await?;
    Ok(crate::plain(if secret.is(&said) { "yes" } else { "no" }))
}

/// What is shown of it, here and in the log.
async fn shown(cx: Context, _req: Request) -> Result<Response> {
    let secret = cx.port(probe_secret).get().await?;
    let shown = format!("{secret} {secret:?}");
    cx.log().info(format!("the secret is {secret}"), &[]);
    Ok(crate::plain(shown))
}

async fn unset(cx: Context, _req: Request) -> Result<Response> {
    let found = cx.port(probe_secret_unset).find().await?;
    let missing = cx.port(probe_secret_unset).get().await;
    Ok(crate::plain(format!(
        "{} {}",
        found.is_some(),
        missing.is_ok()
    )))
}
