//! One request: from hyper to the app and back, with a log line. It must not know connections.

use std::net::IpAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use guru_core::ports::Ports;
use guru_core::{Context, Invocation, Method, Response, Service};
use http_body_util::Full;
use hyper::body::Incoming;

use crate::options::Limits;
use crate::{convert, crash};

/// What all requests of a worker share.
pub(crate) struct Shared {
    pub(crate) service: Service,
    pub(crate) ports: Rc<Ports>,
    pub(crate) limits: Limits,
}

/// Answers a request, whatever it is.
pub(crate) async fn answer(
    shared: Rc<Shared>,
    client_ip: IpAddr,
    request: http::Request<Incoming>,
) -> http::Response<Full<Bytes>> {
    let start = Instant::now();
    let id = shared.ports.random.uuid().to_string();
    let invocation = Invocation::new(id).with_client_ip(Some(client_ip));
    let cx = Context::new(Rc::clone(&shared.ports), invocation);
    let (parts, incoming) = request.into_parts();
    let method = Method::parse(parts.method.as_str().as_bytes()).unwrap_or(Method::GET);
    let response = handle(&shared, &cx, &parts, &method, incoming).await;
    let response = convert::response(response).unwrap_or_else(|error| {
        let refused = Service::refuse(&cx, &method, error.into());
        // What is said here is small enough for anything.
        convert::response(refused).unwrap_or_default()
    });
    cx.log().info(
        format_args!("{method} {} {}", parts.uri.path(), response.status()),
        &[
            ("method", method.as_str().into()),
            ("path", parts.uri.path().into()),
            ("status", response.status().as_u16().into()),
            ("milliseconds", milliseconds(start.elapsed()).into()),
            ("client_ip", (&*client_ip.to_string()).into()),
        ],
    );
    response
}

async fn handle(
    shared: &Shared,
    cx: &Context,
    parts: &http::request::Parts,
    method: &Method,
    incoming: Incoming,
) -> Response {
    let request = match convert::request(parts) {
        Ok(request) => request,
        Err(error) => return Service::refuse(cx, method, error),
    };
    let limit = shared.service.body_limit();
    let expects_continue = parts.headers.contains_key(http::header::EXPECT);
    let body = match convert::body(incoming, limit, shared.limits.read, expects_continue).await {
        Ok(body) => body,
        Err(error) => return Service::refuse(cx, method, error),
    };
    let handled = shared.service.handle(cx.clone(), request.with_body(body));
    crash::guard(handled).await.unwrap_or_else(|report| {
        cx.log().error(report, &[]);
        Service::crash(cx.request_id(), method)
    })
}

/// To the microsecond: finer is noise.
fn milliseconds(taken: Duration) -> f64 {
    (taken.as_secs_f64() * 1e6).round() / 1e3
}
