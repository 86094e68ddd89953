//! A reverse proxy: `GET /hello` is answered here, and everything below `/api/` by the server behind this function.

use guru::prelude::*;

guru::ports! {
    /// The server behind this function. Only hosts that are declared here are reached.
    upstream: Fetch["https://example.com", "http://127.0.0.1:*"],
}

/// The function.
pub fn app() -> App {
    App::new()
        .get("/hello", hello)
        .any("/api/{*rest}", unlimited(pass))
}

async fn hello(_cx: Context, _req: Request) -> Result<Response> {
    Ok(Response::text("hello from in front of it\n"))
}

/// Passes a request on without `/api`, and its answer back; both as they come. The setting `UPSTREAM` names another server than the first that
/// is declared.
async fn pass(cx: Context, req: Request) -> Result<Response> {
    let proxy = Proxy::to(upstream).without("/api");
    let proxy = match cx.config().get("UPSTREAM")? {
        Some(other) => proxy.at(other),
        None => proxy,
    };
    proxy.pass(cx, req).await
}

guru::export!(app);

#[cfg(test)]
mod tests {
    use super::*;

    async fn behind(_cx: Context, req: Request) -> Result<Response> {
        Ok(Response::text(format!("{} {}", req.method(), req.uri())))
    }

    fn client() -> guru::memory::Client {
        let origin = App::new().any("/{*rest}", behind);
        let client = guru::memory::Client::new(app()).unwrap();
        client.origin("https://example.com", origin)
    }

    #[test]
    fn passes_on_what_is_below_api() {
        let answer = client().get("/api/items?page=2");
        answer.assert_text("GET /items?page=2");
    }

    #[test]
    fn answers_for_itself() {
        let answer = client().get("/hello");
        answer.assert_text("hello from in front of it\n");
    }
}
