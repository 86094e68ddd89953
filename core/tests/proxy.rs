//! The reverse proxy, against origins in memory.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::net::IpAddr;

use guru_core::app::Proxy;
use guru_core::{
    App, Context, Fetch, Invocation, Method, Request, Response, Result, Status, Uri, memory, ports,
};

fn old(cx: &Context) -> Fetch {
    Fetch::new(cx, &["http://old.example.com"], || unreachable!())
}

fn many(cx: &Context) -> Fetch {
    Fetch::new(cx, &["http://*.example.com"], || unreachable!())
}

/// What an origin has got: a line for the target, one for each header, and the content.
async fn seen(_cx: Context, mut req: Request) -> Result<Response> {
    let mut text = format!("{} {}\n", req.method(), req.uri());
    for (name, value) in req.headers().iter() {
        text.push_str(&format!("{name}: {}\n", String::from_utf8_lossy(value)));
    }
    text.push_str(&req.text().await?);
    Ok(Response::text(text).with_status(Status::new(418)))
}

async fn head(_cx: Context, _req: Request) -> Result<Response> {
    Ok(Response::new(Status::OK).with_header("content-length", "1234")?)
}

fn client(app: App) -> memory::Client {
    let origin = App::new()
        .any("/", seen)
        .any("/{*rest}", seen)
        .head("/length", head);
    let other = App::new().any("/{*rest}", seen);
    memory::Client::new(app)
        .unwrap()
        .origin("http://old.example.com", origin)
        .origin("http://new.example.com", other)
}

fn text(response: &Response) -> String {
    String::from_utf8(response.body().as_bytes().unwrap().to_vec()).unwrap()
}

#[test]
fn a_request_is_passed_on_as_it_is() {
    let client = client(App::new().any("/{*rest}", Proxy::to(old)));
    let request = Request::new(Method::PUT, Uri::parse("/a%2Fb/?x=1&x=%2B").unwrap())
        .with_header("x-own", "1")
        .unwrap()
        .with_header("connection", "x-hop")
        .unwrap()
        .with_header("x-hop", "1")
        .unwrap()
        .with_header("host", "front.example:8080")
        .unwrap()
        .with_body("content");
    let response = client.send(request);
    assert_eq!(response.status().as_u16(), 418);
    let text = text(&response);
    assert!(text.starts_with("PUT /a%2Fb/?x=1&x=%2B\n"), "{text}");
    assert!(text.ends_with("\ncontent"), "{text}");
    for there in [
        "x-own: 1\n",
        "x-forwarded-host: front.example:8080\n",
        "forwarded: for=unknown;host=\"front.example:8080\"\n",
        "via: 1.1 guru\n",
    ] {
        assert!(text.contains(there), "{there} in {text}");
    }
    for gone in ["x-hop", "connection", "host: front"] {
        assert!(!text.contains(&format!("\n{gone}")), "{gone} in {text}");
    }
}

#[test]
fn a_path_is_put_behind_the_base() {
    let app = App::new()
        .any("/api/{*rest}", Proxy::to(old).without("/api"))
        .any(
            "/other/{*rest}",
            Proxy::to(many).at("http://new.example.com/v2/"),
        )
        .any("/wild/{*rest}", Proxy::to(many));
    let client = client(app);
    for (target, wanted) in [
        ("/api/items?n=1", "GET /items?n=1\n"),
        ("/api/", "GET /\n"),
        ("/%61pi/items?n=1", "GET /items?n=1\n"),
        (
            "/api/x?filter={%22a%22:[1]}&b=^`",
            "GET /x?filter={%22a%22:[1]}&b=^`\n",
        ),
        ("/other/items", "GET /v2/other/items\n"),
    ] {
        let text = text(&client.get(target));
        assert!(text.starts_with(wanted), "{target}: {text}");
    }
    // Where it leads must not depend on who resolves it.
    assert_eq!(client.get("/api/../secret").status().as_u16(), 400);
    assert_eq!(client.get("/wild/x").status().as_u16(), 500);
}

#[test]
fn who_asked_is_said_behind_what_is_there() {
    for (before, address, lists) in [
        (None, "192.0.2.1", ["192.0.2.1", "for=192.0.2.1;host=front"]),
        (
            Some("198.51.100.7"),
            "192.0.2.1",
            ["198.51.100.7, 192.0.2.1", "for=192.0.2.1;host=front"],
        ),
        // What a client sends twice ends in what it likes, and not in who it is.
        (
            Some("192.0.2.1\n10.0.0.1"),
            "192.0.2.1",
            ["192.0.2.1, 10.0.0.1, 192.0.2.1", "for=192.0.2.1;host=front"],
        ),
        (
            Some("198.51.100.7, 192.0.2.1"),
            "192.0.2.1",
            ["198.51.100.7, 192.0.2.1", "for=192.0.2.1;host=front"],
        ),
        (
            None,
            "2001:db8::1",
            ["2001:db8::1", "for=\"[2001:db8::1]\";host=front"],
        ),
    ] {
        let client = client(App::new().get("/{*rest}", Proxy::to(old)));
        let mut request = Request::new(Method::GET, Uri::parse("/x").unwrap())
            .with_header("host", "front")
            .unwrap();
        if let Some(before) = before {
            for field in before.lines() {
                request = request.with_header("x-forwarded-for", field).unwrap();
            }
        }
        let ip: IpAddr = address.parse().unwrap();
        let response = client.send_as(Invocation::new("id").with_client_ip(Some(ip)), request);
        let text = text(&response);
        let [chain, element] = lists;
        assert!(
            text.contains(&format!("x-forwarded-for: {chain}\n")),
            "{text}"
        );
        assert!(text.contains(&format!("forwarded: {element}\n")), "{text}");
    }
}

#[test]
fn the_answer_to_head_keeps_the_length_of_what_is_there() {
    let client = client(App::new().any("/{*rest}", Proxy::to(old)));
    let request = Request::new(Method::HEAD, Uri::parse("/length").unwrap());
    let response = client.send(request);
    assert_eq!(response.headers().get_str("content-length"), Some("1234"));
}

#[test]
fn a_server_that_is_not_there_is_a_502() {
    let app = App::new().any("/{*rest}", Proxy::to(old));
    let client = memory::Client::new(app).unwrap();
    assert_eq!(client.get("/x").status().as_u16(), 502);
    let app = App::new().any("/{*rest}", Proxy::to(old));
    let client = memory::Client::new(app)
        .unwrap()
        .failing_origin("http://old.example.com", ports::ErrorKind::Timeout);
    assert_eq!(client.get("/x").status().as_u16(), 504);
}
