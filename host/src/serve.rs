//! Serves a component over plain HTTP/1.1 and HTTP/2.

use std::convert::Infallible;
use std::future::Future;
use std::io::{self, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use guru_core::adapter;
use guru_core::http::convert;
use guru_core::ports::Level;
use guru_server::{Activity, Answered, Gate, Guard, Pass, accept, builder};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;

use crate::answer::whole;
use crate::body::Body;
use crate::upload::Patient;
use crate::{Caller, Host};

/// The address to listen on, and the limits on clients.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ListenAddress {
    /// The host name or address.
    pub host: String,
    /// The port; 0 picks a free one.
    pub port: u16,
    /// Limits on clients. The timeout for a head also applies to each pause in a body.
    pub limits: guru_server::Limits,
    /// The grace period for requests in flight at shutdown.
    pub grace: Duration,
}

impl Default for ListenAddress {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".into(),
            port: 5000,
            limits: guru_server::Limits::default(),
            grace: Duration::from_secs(30),
        }
    }
}

/// Prints `listening on http://ADDRESS` and serves until `stopped` resolves; then drains the requests in flight.
///
/// # Errors
///
/// When the address cannot be listened on.
pub async fn serve(
    host: Host,
    place: &ListenAddress,
    stopped: impl Future<Output = ()>,
) -> io::Result<()> {
    let gate = Gate::new(place.limits.connections, guru_server::raise_file_limit());
    let listener = TcpListener::bind((&*place.host, place.port)).await?;
    let _ = writeln!(
        io::stdout(),
        "listening on http://{}",
        listener.local_addr()?
    );
    let server = Server {
        builder: builder(TokioExecutor::new(), &place.limits),
        limits: place.limits,
        graceful: GracefulShutdown::new(),
        host,
    };
    let mut stopped = std::pin::pin!(stopped);
    loop {
        let note = |message: &str| server.host.note(Level::Warn, message, None);
        let (stream, peer) = tokio::select! {
            accepted = accept(&listener, note) => accepted,
            () = &mut stopped => break,
        };
        match gate.enter() {
            Ok(pass) => server.connect(stream, peer, pass),
            Err(refusal) => {
                if let Some(message) = refusal.note() {
                    server.host.note(Level::Error, message, None);
                }
                tokio::spawn(refusal.turn_away(stream));
            }
        }
    }
    drop(listener);
    let drained = async {
        server.graceful.shutdown().await;
        server.host.idle().await;
    };
    if tokio::time::timeout(place.grace, drained).await.is_err() {
        let seconds = place.grace.as_secs();
        let message = format!("requests were cut off: not done {seconds} s after the signal");
        server.host.note(Level::Warn, &message, None);
    }
    Ok(())
}

/// The state that all connections share.
struct Server {
    builder: Builder<TokioExecutor>,
    limits: guru_server::Limits,
    graceful: GracefulShutdown,
    host: Host,
}

impl Server {
    /// Serves one connection. Its errors only concern the client: there is nobody left to report to.
    fn connect(&self, stream: TcpStream, peer: SocketAddr, pass: Pass) {
        // Responses are small and written whole: waiting to fill a packet only delays them.
        let _ = stream.set_nodelay(true);
        let ip = peer.ip().to_canonical();
        let pause = self.limits.read;
        let host = self.host.clone();
        let activity = Arc::new(Activity::default());
        let io = TokioIo::new(Guard::new(stream, Arc::clone(&activity), self.limits));
        let service = service_fn(move |request| {
            let (host, running) = (host.clone(), activity.begin());
            async move {
                let answer = answer(&host, ip, pause, request).await;
                Ok::<_, Infallible>(answer.map(|body| Answered::new(body, running)))
            }
        });
        let connection = self.builder.serve_connection(io, service);
        let connection = self.graceful.watch(connection.into_owned());
        tokio::spawn(async move {
            let _ = connection.await;
            drop(pass);
        });
    }
}

async fn answer(
    host: &Host,
    ip: IpAddr,
    pause: Duration,
    request: http::Request<Incoming>,
) -> http::Response<Body> {
    let caller = Caller {
        request_id: Uuid::new_v4().to_string(),
        client_ip: Some(ip),
        deadline: None,
    };
    let (mut parts, incoming) = request.into_parts();
    let waits = parts.headers.contains_key(http::header::EXPECT);
    let (body, fault) = Patient::new(incoming, pause, waits);
    let method = convert::method(&parts.method);
    let id = caller.request_id.clone();
    let refuse = |error| whole(adapter::refusal(&id, &method, &error));
    let refused = adapter::admit(&mut parts).err().map(refuse);
    let mut answer = match refused {
        Some(answer) => answer,
        None => {
            let request = http::Request::from_parts(parts, body);
            let answer = host.answer(request, caller).await;
            // A function that has coped with a body that broke off has the say.
            let fault = fault.error().filter(|_| !answer.status().is_success());
            fault.map_or(answer, refuse)
        }
    };
    guru_server::date(answer.headers_mut());
    answer
}
