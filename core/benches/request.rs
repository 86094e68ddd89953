//! The core's path of a request: route, handle, serialise. It must not measure a server.
//!
//! `cargo bench -p guru-core`; each case prints its allocations first.

#![expect(clippy::expect_used, reason = "a benchmark reports by panicking")]

use std::hint::black_box;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context as Task, Poll, Waker};

use criterion::{Criterion, criterion_group, criterion_main};
use guru_core::{
    App, Context, Headers, Invocation, Method, Ports, Request, Response, Result, Service, Uri,
    memory,
};

const MEDITATIONS: [&str; 7] = ["a", "b", "c", "d", "e", "f", "you wouldn't fax a bat"];

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

struct Case {
    service: Service,
    ports: Rc<Ports>,
    method: Method,
    target: &'static str,
    headers: Headers,
}

impl Case {
    fn new(method: Method, target: &'static str) -> Self {
        let app = App::new()
            .post("/", meditate)
            .get("/items/{id}", item)
            .get("/openapi.json", item);
        let mut headers = Headers::new();
        for (name, value) in [
            ("host", "localhost:5000"),
            ("user-agent", "bench/1"),
            ("accept", "*/*"),
        ] {
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
            service,
            ports: Rc::new(ports),
            method,
            target,
            headers,
        }
    }

    /// What a target does for a request, less its own translation.
    fn run(&self) -> Response {
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

fn request(criterion: &mut Criterion) {
    for (name, method, target) in [
        ("meditation", Method::POST, "/"),
        ("parameter", Method::GET, "/items/7"),
        ("encoded parameter", Method::GET, "/items/a%2Fb"),
        ("not found", Method::GET, "/nope"),
    ] {
        let case = Case::new(method, target);
        let count = allocation_counter::measure(|| drop(black_box(case.run())));
        println!(
            "{name}: {} allocations, {} bytes",
            count.count_total, count.bytes_total
        );
        criterion.bench_function(name, |bencher| bencher.iter(|| black_box(case.run())));
    }
}

criterion_group!(benches, request);
criterion_main!(benches);
