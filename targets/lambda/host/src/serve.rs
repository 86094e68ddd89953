//! A component on plain HTTP/1.1 and HTTP/2. It must not know wasmtime.

use std::convert::Infallible;
use std::future::Future;
use std::io::{self, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use guru_core::ports::Level;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;

use crate::body::{Body, Patient};
use crate::{Caller, Host};

/// How large the head of a request may be, and how many headers it may have; more is 431.
const HEAD: usize = 64 * 1024;
const HEADERS: usize = 512;

/// How long the head of a request may take, and a body may pause.
const READ: Duration = Duration::from_secs(30);

/// How long requests in flight may take once the server is told to stop.
const GRACE: Duration = Duration::from_secs(30);

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// A name or an address.
    pub host: String,
    /// 0 for a free one.
    pub port: u16,
}

/// Prints `listening on http://ADDRESS` and serves until `stopped` is done; then answers the requests
/// in flight.
///
/// # Errors
///
/// When the address cannot be listened on.
pub async fn serve(host: Host, place: &Place, stopped: impl Future<Output = ()>) -> io::Result<()> {
    let listener = TcpListener::bind((&*place.host, place.port)).await?;
    let _ = writeln!(
        io::stdout(),
        "listening on http://{}",
        listener.local_addr()?
    );
    let builder = builder();
    let graceful = GracefulShutdown::new();
    let mut stopped = std::pin::pin!(stopped);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stopped => break,
        };
        match accepted {
            Ok((stream, peer)) => connect(&builder, &graceful, stream, peer, host.clone()),
            Err(error) => {
                // Out of file descriptors, or the client is gone already: others are served on.
                let message = format!("a connection was not accepted: {error}");
                host.note(Level::Warn, &message, None);
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(GRACE, graceful.shutdown())
        .await
        .is_err()
    {
        let seconds = GRACE.as_secs();
        let message = format!("requests were cut off: not done {seconds} s after the signal");
        host.note(Level::Warn, &message, None);
    }
    Ok(())
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(READ)
        .max_buf_size(HEAD)
        .max_headers(HEADERS)
        // A client may close its side once it has asked, as `nc -N` does.
        .half_close(true);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(HEAD).unwrap_or(u32::MAX));
    builder
}

/// Serves one connection. How it ends is the client's affair: there is nobody left to tell.
fn connect(
    builder: &Builder<TokioExecutor>,
    graceful: &GracefulShutdown,
    stream: TcpStream,
    peer: SocketAddr,
    host: Host,
) {
    // Answers are small and written whole: waiting to fill a packet only delays them.
    let _ = stream.set_nodelay(true);
    let ip = peer.ip().to_canonical();
    let service = service_fn(move |request| {
        let host = host.clone();
        async move { Ok::<_, Infallible>(answer(host, ip, request).await) }
    });
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    let connection = graceful.watch(connection.into_owned());
    tokio::spawn(async move {
        let _ = connection.await;
    });
}

async fn answer(host: Host, ip: IpAddr, request: http::Request<Incoming>) -> http::Response<Body> {
    let caller = Caller {
        request_id: Uuid::new_v4().to_string(),
        client_ip: Some(ip),
        deadline: None,
    };
    let waits = request.headers().contains_key(http::header::EXPECT);
    let request = request.map(|incoming| Patient::new(incoming, READ, waits));
    host.answer(request, caller).await
}
