//! The requests that the benchmarks of the core answer. It must not know what is measured.

pub(crate) mod by_hand;

use std::pin::pin;
use std::rc::Rc;
use std::task::{Context as Task, Poll, Waker};

use guru_core::{
    App, Context, Headers, Invocation, Method, Ports, Request, Response, Result, Service, Uri,
    memory,
};

/// All of them.
pub(crate) fn all() -> [Case; 4] {
    [
        Case::new("meditation", Method::POST, "/"),
        Case::new("parameter", Method::GET, "/items/7"),
        Case::new("encoded parameter", Method::GET, "/items/a%2Fb"),
        Case::new("not found", Method::GET, "/nope"),
    ]
}

const MEDITATIONS: [&str; 7] = ["a", "b", "c", "d", "e", "f", "you wouldn't fax a bat"];

const HEADERS: [(&str, &str); 3] = [
    ("host", "localhost:5000"),
    ("user-agent", "bench/1"),
    ("accept", "*/*"),
];

#[derive(serde::Serialize)]
struct Meditation {
    status: &'static str,
    meditation: &'static str,
}

async fn meditate(cx: Context, _req: Request) -> Result<Response> {
    let meditation = cx.random().choose(&MEDITATIONS);
    Response::json(&Meditation {
        status: "success",
        meditation,
    })
}

async fn item(_cx: Context, req: Request) -> Result<Response> {
    Ok(Response::text(req.param::<String>("id")?))
}

struct Silent;

impl guru_core::ports::Log for Silent {
    fn log(&self, _record: &guru_core::ports::Record<'_>) {}
}

/// A request that is answered again and again.
pub(crate) struct Case {
    /// What it is called.
    pub(crate) name: &'static str,
    service: Service,
    ports: Rc<Ports>,
    method: Method,
    target: &'static str,
    headers: Headers,
}

impl Case {
    fn new(name: &'static str, method: Method, target: &'static str) -> Self {
        let app = App::new()
            .post("/", meditate)
            .get("/items/{id}", item)
            .get("/openapi.json", item);
        let mut headers = Headers::new();
        for (name, value) in HEADERS {
            headers.append(name, value).expect("a header");
        }
        let ports = Ports::new(
            memory::Random::seeded(0),
            memory::Clock::default(),
            Silent,
            memory::Config::default(),
        );
        let service = app.into_service().expect("routes");
        Self {
            name,
            service,
            ports: Rc::new(ports),
            method,
            target,
            headers,
        }
    }

    /// What a target does for a request, less its own translation.
    pub(crate) fn run(&self) -> Response {
        let uri = Uri::parse(self.target).expect("a target");
        let request = Request::new(self.method.clone(), uri).with_headers(self.headers.clone());
        let cx = Context::new(
            Rc::clone(&self.ports),
            Invocation::new("4ff2ba53-c60d-4cc1"),
        );
        let mut answer = pin!(self.service.handle(cx, request));
        match answer.as_mut().poll(&mut Task::from_waker(Waker::noop())) {
            Poll::Ready(response) => response,
            Poll::Pending => unreachable!("nothing here waits"),
        }
    }
}
