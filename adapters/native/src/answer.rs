//! Handles one request: from hyper to the app and back, with a log line.

use std::net::IpAddr;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use guru_core::app::Later;
use guru_core::http::convert::{method as method_of, response as response_of, whole_response};
use guru_core::ports::Ports;
use guru_core::{Body, Context, ErrorKind, Invocation, Method, Response, Service, fields};
use hyper::body::Incoming;
use tokio::time::{Instant, timeout_at};

use crate::after::{After, go_on};
use crate::instance::Instance;
use crate::options::Limits;
use crate::pulse::{Caller, Pulse};
use crate::reply::Reply;
use crate::room::{Room, Taken};
use crate::sockets::{Socket, is_debugged};
use crate::upload::Upload;
use crate::{convert, crash};

/// The state that all requests of a worker share.
pub(crate) struct Shared {
    pub(crate) instance: Instance,
    pub(crate) ports: Rc<Ports>,
    pub(crate) limits: Limits,
    pub(crate) room: Room,
    pub(crate) pulse: Arc<Pulse>,
    pub(crate) after: After,
}

/// Handles any request.
pub(crate) async fn answer(
    shared: Rc<Shared>,
    client_ip: IpAddr,
    socket: Option<Socket>,
    request: http::Request<Incoming>,
) -> http::Response<Reply> {
    let start = Instant::now();
    let id = shared.ports.random.uuid().to_string();
    let invocation = Invocation::new(id).with_client_ip(Some(client_ip));
    let cx = Context::new(Rc::clone(&shared.ports), invocation);
    let (mut parts, incoming) = request.into_parts();
    let method = method_of(&parts.method);
    let (response, work) = handle(&shared, &cx, &mut parts, &method, socket, incoming).await;
    let response = response_of(response).unwrap_or_else(|error| {
        whole_response(Service::refuse(&cx, &method, error.into())).map(Body::from)
    });
    if let Some(work) = &work {
        work.upload.discard();
    }
    let mut response = response.map(|body| match (body.into_bytes(), work) {
        (Ok(bytes), work) => {
            if let Some(mut work) = work {
                go_on(&shared, &cx, &mut work);
            }
            Reply::whole(bytes)
        }
        (Err(body), Some(work)) => Reply::stream(body, Rc::clone(&shared), cx.clone(), work),
        (Err(_), None) => Reply::whole(Bytes::new()),
    });
    guru_server::date(response.headers_mut());
    cx.log().info(
        format_args!("{method} {} {}", parts.uri.path(), response.status()),
        fields! {
            method,
            path: parts.uri.path(),
            status: response.status().as_u16(),
            milliseconds: milliseconds(start.elapsed()),
            client_ip: %client_ip,
        },
    );
    response
}

/// A request that a handler works on, and what it takes of the server until its response has been sent.
pub(crate) struct Work {
    pub(crate) caller: Arc<Caller>,
    pub(crate) upload: Rc<Upload>,
    /// Until the request goes on after its answer, if it does.
    pub(crate) place: Option<Taken>,
    /// What it goes on with; `None` if it was given up.
    pub(crate) later: Option<Later>,
}

async fn handle(
    shared: &Rc<Shared>,
    cx: &Context,
    parts: &mut http::request::Parts,
    method: &Method,
    socket: Option<Socket>,
    incoming: Incoming,
) -> (Response, Option<Work>) {
    let is_asking = parts.headers.contains_key(http::header::EXPECT);
    let refuse = |error| (Service::refuse(cx, method, error), None);
    let request = match convert::request(parts) {
        Ok(request) => request,
        Err(error) => {
            convert::leave(incoming, shared.limits.read, is_asking);
            return refuse(error);
        }
    };
    let later = Later::of(cx);
    let service = shared.instance.service();
    let (body, upload) = match Upload::begin(incoming, shared, is_asking).await {
        Ok(begun) => begun,
        Err(error) => return refuse(error.into()),
    };
    let place = match shared.room.request(&shared.pulse).await {
        Ok(place) => place,
        Err(error) => {
            drop(body);
            upload.discard();
            return refuse(error);
        }
    };
    let caller = Arc::new(Caller {
        request_id: cx.request_id().to_owned(),
        socket,
        is_http1: parts.version < http::Version::HTTP_2,
        is_head: *method == Method::HEAD,
    });
    let handled = service.handle(cx.clone(), request.with_body(body));
    let (response, is_own) = timed(shared, cx, method, &caller, &upload, handled).await;
    let work = Work {
        caller,
        upload,
        place: Some(place),
        later: is_own.then_some(later),
    };
    (response, Some(work))
}

/// The handler's response, or the one in its place if it crashes or takes too long. And whether it is the handler's.
async fn timed(
    shared: &Shared,
    cx: &Context,
    method: &Method,
    caller: &Arc<Caller>,
    upload: &Upload,
    handled: impl Future<Output = Response>,
) -> (Response, bool) {
    let mut handled = pin!(crash::guard(&shared.pulse, caller, handled));
    let Some(time) = shared.limits.time else {
        return survived(shared, cx, method, caller, handled.await);
    };
    let mut until = Instant::now() + time;
    loop {
        if let Ok(handled) = timeout_at(until, &mut handled).await {
            return survived(shared, cx, method, caller, handled);
        }
        until = match upload.until(time) {
            Some(later) => later,
            // Whoever steps through a handler has all the time that there is.
            None if is_debugged() => Instant::now() + time,
            None => {
                let seconds = time.as_secs_f64();
                let message =
                    format!("the handler was stopped after {seconds} s; --time sets the limit");
                cx.log().error(message, &[]);
                return (
                    Service::lost(ErrorKind::Timeout, cx.request_id(), method),
                    false,
                );
            }
        };
    }
}

/// Returns the response, or that of a handler that crashed. In that case the next request gets a new instance.
fn survived(
    shared: &Shared,
    cx: &Context,
    method: &Method,
    caller: &Arc<Caller>,
    handled: Result<Response, String>,
) -> (Response, bool) {
    match handled {
        Ok(response) => (response, true),
        Err(report) => {
            cx.log().error(report, &[]);
            if let Err(report) = shared.instance.renew(&shared.pulse, caller) {
                cx.log().error(report, &[]);
            }
            (Service::crash(cx.request_id(), method), false)
        }
    }
}

/// Rounds to the microsecond: finer is noise.
fn milliseconds(taken: Duration) -> f64 {
    (taken.as_secs_f64() * 1e6).round() / 1e3
}
