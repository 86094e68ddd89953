//! `/invoke/{name}`: the answer of another function, which is the probe itself.

use guru::Uri;
use guru::prelude::*;

use crate::ports::probe;

pub(crate) fn routes(app: App) -> App {
    app.any("/invoke/{name}", unlimited(invoke))
        .any("/invoke/{name}/{*rest}", unlimited(invoke))
}

/// Passes the request on as it is: what stands behind the function's name is its path.
async fn invoke(cx: Context, mut req: Request) -> Result<Response> {
    let name: String = req.param("name")?;
    let path = req.uri().path().splitn(4, '/').nth(3).unwrap_or_default();
    let uri = Uri::from_parts(&format!("/{path}"), req.uri().query())?;
    let sent = Request::new(req.method().clone(), uri)
        .with_headers(req.headers().clone())
        .with_body(req.take_body());
    match &*name {
        "probe" => cx.port(probe).pass(sent).await,
        _ => Err(Error::not_found()),
    }
}
