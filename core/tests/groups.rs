//! Apps made of apps: which middleware sees what, which limits hold, and what is an error at the start.

#![expect(
    clippy::unwrap_used,
    reason = "a test reports by panicking, its helpers too"
)]

use guru_core::app::{limited, wrapped};
use guru_core::{App, Context, Error, ErrorKind, Method, Next, Request, Response, Result, memory};

async fn pattern(_cx: Context, req: Request) -> Result<Response> {
    Ok(Response::text(req.route().unwrap_or("none").to_owned()))
}

async fn body(_cx: Context, mut req: Request) -> Result<Response> {
    Ok(Response::text(req.bytes().await?))
}

async fn lost(_cx: Context, req: Request) -> Result<Response> {
    Ok(Response::text(format!("lost: {}", req.uri().path())))
}

/// Appends a mark to the answer, and to what the handler sees.
#[derive(Clone)]
struct Marks(String);

fn mark(text: &'static str) -> impl Fn(Context, Request, Next) -> Marked {
    move |cx, req, next| {
        let before = cx.find().map_or("", |Marks(before)| before);
        cx.set(Marks(format!("{before}{text}")));
        Box::pin(async move {
            let answer = next.run(cx, req).await;
            Ok(answer.with_header("x-mark", text)?)
        })
    }
}

type Marked = std::pin::Pin<Box<dyn Future<Output = Result<Response>>>>;

async fn marks(cx: Context, _req: Request) -> Result<Response> {
    let Marks(marks) = cx.get()?;
    Ok(Response::text(marks.clone()))
}

fn client(app: App) -> memory::Client {
    memory::Client::new(app).unwrap()
}

fn refusal(app: App) -> String {
    memory::Client::new(app).unwrap_err().to_string()
}

#[test]
fn routes_are_below_the_prefix() {
    let app = App::new()
        .get("/", pattern)
        .group("/api", |api| {
            let api = api.get("/", pattern).post("/items", pattern);
            api.group("/users/{user}", |user| user.get("/items/{*rest}", pattern))
        })
        .mount("", App::new().get("/beside", pattern));
    let routes: Vec<_> = app
        .routes()
        .map(|(_, pattern)| pattern.to_owned())
        .collect();
    let all = [
        "/",
        "/api",
        "/api/items",
        "/api/users/{user}/items/{*rest}",
        "/beside",
    ];
    assert_eq!(routes, all);
    let client = client(app);
    client.get("/api").assert_text("/api");
    client.get("/api/").assert_status(404);
    client.get("/api/items").assert_status(405);
    client
        .get("/api/users/7/items/a/b")
        .assert_text("/api/users/{user}/items/{*rest}");
    client.get("/beside").assert_text("/beside");
}

#[test]
fn middleware_is_around_its_own_routes_from_the_outside_in() {
    let app = App::new()
        .with(mark("app"))
        .get("/", marks)
        .get(
            "/route",
            wrapped(mark("+one"), wrapped(mark("+two"), marks)),
        )
        .group("/group", |group| {
            let group = group.with(mark("+first")).with(mark("+second"));
            let inner = |inner: App| inner.with(mark("+inner")).get("/", marks);
            group
                .get("/", wrapped(mark("+own"), marks))
                .group("/inner", inner)
        });
    let client = client(app);
    for (path, want) in [
        ("/", "app"),
        ("/route", "app+one+two"),
        ("/group", "app+first+second+own"),
        ("/group/inner", "app+first+second+inner"),
    ] {
        client.get(path).assert_text(want);
    }
    let lost = client.get("/group/none");
    lost.assert_status(404);
    assert_eq!(lost.header("x-mark"), Some("app"));
}

#[test]
fn an_error_is_an_answer_to_a_group_s_middleware() {
    async fn fails(_cx: Context, _req: Request) -> Result<Response> {
        Err(Error::new(ErrorKind::Conflict, "taken"))
    }
    let app = App::new().group("/a", |group| group.with(mark("seen")).get("/", fails));
    let answer = client(app).get("/a");
    answer.assert_status(409);
    assert_eq!(answer.header("x-mark"), Some("seen"));
}

#[test]
fn the_nearest_body_limit_holds() {
    let app = App::new()
        .body_limit(1)
        .post("/", body)
        .group("/plain", |group| group.post("/", body))
        .group("/two", |group| {
            let group = group.body_limit(2).post("/", body);
            group
                .post("/three", limited(3, body))
                .post("/marked", wrapped(mark("x"), limited(3, body)))
        });
    let client = client(app);
    for (path, most) in [
        ("/", 1),
        ("/plain", 1),
        ("/two", 2),
        ("/two/three", 3),
        ("/two/marked", 3),
    ] {
        client.post(path, "x".repeat(most)).assert_status(200);
        client.post(path, "x".repeat(most + 1)).assert_status(413);
    }
}

#[test]
fn a_fallback_answers_what_has_no_route() {
    let inner = || {
        App::new()
            .get("/items", pattern)
            .fallback(lost)
            .with(mark("inner"))
    };
    let app = App::new().get("/", pattern).mount("/api", inner());
    let routes: Vec<_> = app
        .routes()
        .map(|(_, pattern)| pattern.to_owned())
        .collect();
    assert_eq!(routes, ["/", "/api/items"]);
    let with_inner = client(app);
    for path in ["/api", "/api/none", "/api/a/b"] {
        let answer = with_inner.get(path);
        answer.assert_text(&format!("lost: {path}"));
        assert_eq!(answer.header("x-mark"), Some("inner"));
    }
    with_inner.get("/none").assert_status(404);
    with_inner.post("/api/items", "").assert_status(405);
    let own = client(
        App::new()
            .get("/", pattern)
            .fallback(lost)
            .mount("", App::new()),
    );
    own.get("/none").assert_text("lost: /none");
    own.post("/", "").assert_status(405);
    let beside = client(App::new().mount("", inner()));
    beside.get("/none").assert_text("lost: /none");
}

#[test]
fn a_fallback_comes_after_all_routes() {
    let inner = || App::new().fallback(lost);
    let app = App::new()
        .get("/api", pattern)
        .get("/{tenant}/settings", pattern);
    let app = app.mount("/api", inner()).mount("/{user}/x", inner());
    let client = client(app.group("/deep", |group| {
        group.with(mark("deep")).mount("/er", inner())
    }));
    client.get("/api").assert_text("/api");
    client.post("/api", "").assert_status(405);
    client
        .get("/api/settings")
        .assert_text("/{tenant}/settings");
    client.get("/api/other").assert_text("lost: /api/other");
    client.get("/7/x/y").assert_text("lost: /7/x/y");
    let deep = client.get("/deep/er/none");
    deep.assert_text("lost: /deep/er/none");
    assert_eq!(deep.header("x-mark"), Some("deep"));
    client.get("/deep/none").assert_status(404);
}

#[test]
fn what_a_group_refuses_is_inside_of_its_middleware() {
    use guru_core::app::middleware::Cors;
    let cors = || Cors::new().allow_origin("https://a.example");
    let app = App::new()
        .group("/api", |api| {
            api.with(cors())
                .with(mark("api"))
                .body_limit(2)
                .post("/items", body)
        })
        .get("/", pattern);
    let client = client(app);
    let preflight = client.request(Method::OPTIONS, "/api/items");
    let preflight = preflight.header("origin", "https://a.example");
    let preflight = preflight
        .header("access-control-request-method", "POST")
        .send();
    preflight.assert_status(204);
    assert!(preflight.header("access-control-allow-methods").is_some());
    for (call, status) in [
        (client.request(Method::PUT, "/api/items"), 405),
        (
            client
                .request(Method::PUT, "/api/items")
                .body(vec![0; 7 << 20]),
            405,
        ),
        (client.request(Method::POST, "/api/items").body("xyz"), 413),
        (client.request(Method::POST, "/api/items").body("xy"), 200),
    ] {
        let answer = call.header("origin", "https://a.example").send();
        answer.assert_status(status);
        assert_eq!(answer.header("x-mark"), Some("api"), "{status}");
        let allowed = answer.header("access-control-allow-origin");
        assert_eq!(allowed, Some("https://a.example"), "{status}");
    }
    let refused = client.request(Method::PUT, "/api/items").send();
    assert_eq!(refused.header("allow"), Some("POST"));
    client.post("/", "").assert_status(405);
}

#[test]
fn a_body_that_a_middleware_makes_is_limited_too() {
    async fn larger(cx: Context, req: Request, next: Next) -> Result<Response> {
        Ok(next.run(cx, req.with_body("x".repeat(9))).await)
    }
    for app in [
        App::new().body_limit(8).post("/", wrapped(larger, body)),
        App::new().group("", |group| group.body_limit(8).with(larger).post("/", body)),
        App::new().post("/", limited(8, wrapped(larger, body))),
        App::new().post("/", wrapped(larger, limited(8, body))),
    ] {
        client(app).post("/", "").assert_status(413);
    }
    let app = App::new()
        .body_limit(1)
        .group("", |group| group.body_limit(9).with(larger).post("/", body));
    client(app).post("/", "").assert_status(200);
}

#[test]
fn a_stream_is_begun_inside_of_all_middleware() {
    async fn ticks(_cx: Context, req: Request) -> Result<Response> {
        let fails: bool = req.param::<String>("how")? == "fails";
        Ok(Response::stream("text/plain", move |mut out| async move {
            if fails {
                return Err(Error::new(ErrorKind::Conflict, "not now"));
            }
            out.send("a").await?;
            out.send("b").await
        }))
    }
    let app = App::new().group("/a", |group| {
        group
            .with(mark("first"))
            .get("/{how}", wrapped(mark("second"), ticks))
    });
    let client = client(app);
    client.get("/a/works").assert_text("ab");
    let failed = client.get("/a/fails");
    failed.assert_status(409);
    assert_eq!(failed.headers_of("x-mark"), ["second", "first"]);
    let head = client.request(Method::HEAD, "/a/works").send();
    head.assert_status(200).assert_text("");
}

#[test]
fn one_handler_has_several_methods() {
    let methods = [Method::PUT, Method::PATCH];
    let client = client(App::new().on(methods.clone(), "/", pattern));
    for method in methods {
        client.request(method, "/").send().assert_status(200);
    }
    let answer = client.get("/");
    answer.assert_status(405);
    assert_eq!(answer.header("allow"), Some("PUT, PATCH"));
}

#[test]
fn what_cannot_be_is_an_error_at_the_start() {
    let one = || App::new().get("/a", pattern);
    for (app, why) in [
        (App::new().mount("api", one()), "\"api\""),
        (App::new().mount("/api/", one()), "\"/api/\""),
        (App::new().mount("/", one()), "\"/\""),
        (App::new().mount("/{a", one()), "/{a"),
        (one().mount("", one()), "has a handler for GET already"),
        (
            App::new().get("/{b}/a", pattern).mount("/{c}", one()),
            "is the same as \"/{b}/a\"",
        ),
        (
            App::new().mount("/{a}", App::new().get("/{a}", pattern)),
            "two parameters `a`",
        ),
        (
            App::new()
                .fallback(lost)
                .mount("", App::new().fallback(lost)),
            "two fallbacks are for the same paths",
        ),
        (
            App::new()
                .mount("", App::new().fallback(lost))
                .fallback(lost),
            "two fallbacks are for the same paths",
        ),
        (
            App::new()
                .mount("/a", App::new().fallback(lost))
                .mount("/a", App::new().fallback(lost)),
            "has a handler for any method already",
        ),
        (
            App::new().mount("/x", App::new().get("a", pattern)),
            "does not start with '/'",
        ),
    ] {
        let said = refusal(app);
        assert!(said.contains(why), "{said}");
    }
}
