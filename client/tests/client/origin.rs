//! A server of the tests' own, which says what it has received and misbehaves as it is told. It must not know the client.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

/// Serves each connection on a thread of its own, with its number, and passes on what that comes to.
pub(crate) fn origin<T: Send + 'static>(
    serve: impl Fn(usize, &mut TcpStream) -> T + Clone + Send + 'static,
) -> (SocketAddr, mpsc::Receiver<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let (serve, sender) = (serve.clone(), sender.clone());
            std::thread::spawn(move || {
                let mut stream = stream.unwrap();
                let timeout = Some(Duration::from_secs(10));
                stream.set_read_timeout(timeout).unwrap();
                let _ = sender.send(serve(number, &mut stream));
            });
        }
    });
    (address, receiver)
}

/// One that answers each request of each connection with these bytes, and passes on the first request of each.
pub(crate) fn answering(answer: &'static [u8]) -> (SocketAddr, mpsc::Receiver<Vec<u8>>) {
    origin(move |_, stream| {
        let request = read_request(stream);
        stream.write_all(answer).unwrap();
        request
    })
}

/// What a connection has come to, while the client's runtime goes on.
pub(crate) async fn said<T>(receiver: &mpsc::Receiver<T>) -> T {
    loop {
        match receiver.try_recv() {
            Ok(said) => return said,
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

/// Reads up to the end of a head, or until the client closes.
pub(crate) fn read_head(stream: &mut TcpStream) -> Vec<u8> {
    read_until(stream, |read| read.ends_with(b"\r\n\r\n"))
}

/// Reads a request whose content ends as its head says.
pub(crate) fn read_request(stream: &mut TcpStream) -> Vec<u8> {
    let mut request = read_head(stream);
    let head = String::from_utf8_lossy(&request).into_owned();
    if head.contains("transfer-encoding: chunked") {
        request.extend(read_until(stream, |read| {
            read == b"0\r\n\r\n" || read.ends_with(b"\r\n0\r\n\r\n")
        }));
    } else if let Some((_, length)) = head.split_once("content-length: ") {
        let length: usize = length.lines().next().unwrap().parse().unwrap();
        request.extend(read_until(stream, |read| read.len() >= length));
    }
    request
}

/// Byte by byte, so that nothing of what follows is read.
fn read_until(stream: &mut TcpStream, is_done: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut read = Vec::new();
    let mut byte = [0];
    while !is_done(&read) && stream.read(&mut byte).unwrap_or(0) > 0 {
        read.push(byte[0]);
    }
    read
}

/// Whether the client closes, within ten seconds. What it sends before is discarded.
pub(crate) fn is_closed(stream: &mut TcpStream) -> bool {
    let mut piece = [0; 64 * 1024];
    loop {
        match stream.read(&mut piece) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }
}

/// How many of so many bytes a client takes before it has taken no more for a second.
pub(crate) fn taken(stream: &mut TcpStream, size: usize) -> usize {
    let second = Some(Duration::from_secs(1));
    stream.set_write_timeout(second).unwrap();
    let piece = vec![b'x'; 64 * 1024];
    let mut sent = 0;
    while sent < size {
        match stream.write(&piece) {
            Ok(count) => sent += count,
            Err(_) => break,
        }
    }
    sent
}
