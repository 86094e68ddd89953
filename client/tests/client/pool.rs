//! Connections: which are used again, and which are closed. It must not know the inside of the client.

use std::io::Write as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use guru_client::{Client, ErrorKind};
use http_body::Frame;
use http_body_util::BodyExt as _;
use tokio::sync::mpsc;

use crate::origin::{is_closed, origin, read_head, read_request, said, taken};
use crate::{get, request, run, text, whole};

/// One that answers each request with the number of its connection, and closes one after so many.
fn numbering(most: usize, header: &'static str) -> std::net::SocketAddr {
    let (address, _) = origin(move |number, stream| {
        for _ in 0..most {
            if read_request(stream).is_empty() {
                return;
            }
            let answer = format!("HTTP/1.1 200 OK\r\n{header}content-length: 1\r\n\r\n{number}");
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    address
}

#[test]
fn a_connection_is_used_again_by_all_clones() {
    let address = numbering(9, "");
    run(async {
        let client = Client::new();
        for client in [client.clone(), client.clone(), client] {
            let answer = get(&client, &format!("http://{address}/")).await.unwrap();
            assert_eq!(text(answer).await, Ok("0".into()));
        }
    });
}

#[test]
fn two_requests_at_once_have_two_connections() {
    let address = numbering(9, "");
    run(async {
        let client = Client::new();
        let uri = format!("http://{address}/");
        let first = get(&client, &uri).await.unwrap();
        let second = get(&client, &uri).await.unwrap();
        let texts = [text(first).await.unwrap(), text(second).await.unwrap()];
        // The body of the first has come with its head, and its connection may be free.
        assert!(["00", "01"].contains(&&*texts.concat()), "{texts:?}");
    });
}

#[test]
fn a_connection_that_the_server_closes_is_not_used_again() {
    for (most, header) in [(1, ""), (9, "connection: close\r\n")] {
        let address = numbering(most, header);
        run(async {
            let client = Client::new();
            for number in ["0", "1", "2"] {
                let sent = request("POST", address).map(|_| whole(b"abc"));
                let answer = client.send(sent).await.unwrap();
                assert_eq!(text(answer).await, Ok(number.into()));
                // The server closes it while this thread is busy with something else.
                std::thread::sleep(Duration::from_millis(50));
            }
        });
    }
}

/// Content that comes as the test sends it.
struct Given(mpsc::Receiver<&'static str>);

impl http_body::Body for Given {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let chunk = self.0.poll_recv(cx);
        chunk.map(|chunk| chunk.map(|chunk| Ok(Frame::data(chunk.into()))))
    }
}

/// One that answers with the number of the connection as soon as it has the head. As servers do that have no use for the rest, it
/// does not read it, and closes later.
fn hasty() -> std::net::SocketAddr {
    let (address, _) = origin(|number, stream| {
        read_head(stream);
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n{number}");
        stream.write_all(answer.as_bytes()).unwrap();
        std::thread::sleep(Duration::from_secs(1));
    });
    address
}

#[test]
fn a_connection_whose_server_answered_too_early_is_not_used_again() {
    let address = hasty();
    run(async {
        let client = Client::new();
        let (sender, chunks) = mpsc::channel(1);
        let sent = request("POST", address).map(|_| Given(chunks).boxed_unsync());
        let answer = client.send(sent).await.unwrap();
        assert_eq!(text(answer).await, Ok("0".into()));
        let _ = sender.send("the rest").await;
        drop(sender);
        // All of it leaves.
        tokio::time::sleep(Duration::from_millis(50)).await;
        let answer = get(&client, &format!("http://{address}/")).await.unwrap();
        assert_eq!(text(answer).await, Ok("1".into()));
    });
}

#[test]
fn a_request_that_may_have_been_received_is_not_repeated() {
    let (address, received) = origin(|number, stream| {
        read_request(stream);
        if number == 0 {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                .unwrap();
            read_request(stream);
        }
    });
    run(async {
        let client = Client::new();
        client.send(request("POST", address)).await.unwrap();
        let error = client.send(request("POST", address)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Broken, "{error}");
    });
    received.recv().unwrap();
    let again = received.recv_timeout(Duration::from_millis(200));
    assert!(again.is_err(), "it came again");
}

#[test]
fn a_request_that_is_dropped_closes_its_connection() {
    let (address, closed) = origin(|_, stream| {
        read_head(stream);
        is_closed(stream)
    });
    run(async {
        let client = Client::new();
        let sent = client.send(request("GET", address));
        assert!(
            tokio::time::timeout(Duration::from_millis(200), sent)
                .await
                .is_err()
        );
        assert!(said(&closed).await);
    });
}

#[test]
fn an_answer_that_nobody_reads_stays_with_the_server() {
    const SIZE: usize = 64 << 20;
    let (address, received) = origin(|_, stream| {
        read_head(stream);
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {SIZE}\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        (taken(stream, SIZE), is_closed(stream))
    });
    run(async {
        let client = Client::new();
        let answer = get(&client, &format!("http://{address}/")).await.unwrap();
        tokio::time::sleep(Duration::from_secs(3)).await;
        // Dropping it closes the connection.
        drop(answer);
        let (taken, is_closed) = said(&received).await;
        // What two sockets hold of it.
        assert!(taken < SIZE / 3, "{taken} bytes were taken");
        assert!(is_closed);
    });
}
