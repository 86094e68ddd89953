//! `GET /` and `GET /hello/{name}` return a greeting.

use guru::prelude::*;

/// The function.
pub fn app() -> App {
    App::new().get("/", hello_world).get("/hello/{name}", hello)
}

/// The response body.
#[derive(Debug, Serialize)]
#[serde(crate = "guru::serde")]
struct Greeting {
    hello: String,
}

async fn hello_world(_cx: Context, _req: Request) -> Result<Response> {
    Response::json(&Greeting {
        hello: "world".into(),
    })
}

async fn hello(cx: Context, req: Request) -> Result<Response> {
    let name: String = req.param("name")?;
    cx.log().info("greeting", fields! { name });
    Response::json(&Greeting { hello: name })
}

guru::export!(app);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greets_by_name() {
        let client = guru::memory::Client::new(app()).unwrap();
        let answer = client.get("/hello/you");
        answer.assert_status(200).assert_text(r#"{"hello":"you"}"#);
    }

    #[test]
    fn greets_the_world() {
        let client = guru::memory::Client::new(app()).unwrap();
        client.get("/").assert_text(r#"{"hello":"world"}"#);
    }
}
