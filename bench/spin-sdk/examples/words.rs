//! What docs/coming-from/spin-sdk.md has beside ours: how often a page was seen.

use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::key_value::Store;
use spin_sdk::{http_service, variables};

#[http_service]
async fn visit(req: Request) -> anyhow::Result<impl IntoResponse> {
    let greeting = variables::get("greeting").await?;
    let store = Store::open_default().await?;
    let page = req.uri().path();
    let count = store.get_json::<u64>(page).await?.unwrap_or(0) + 1;
    store.set_json(page, &count).await?;
    Ok(format!("{greeting}, {page} was seen {count} times"))
}
