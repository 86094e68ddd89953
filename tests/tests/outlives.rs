//! The native server and the host of components, killed under a load of writes: nothing that a client was told of is lost, and
//! nothing is there by half.

#![expect(
    clippy::unwrap_used,
    reason = "a test reports by panicking, its helpers too"
)]

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use conformance::driver::{compile, component, program};
use conformance::vector::Function;

/// How often a server is killed, and after how many milliseconds at least.
const ROUNDS: u64 = 50;
const TIME: u64 = 30;

/// How many clients write at once.
const CLIENTS: u64 = 4;

/// A client of one connection.
struct Client(BufReader<TcpStream>);

impl Client {
    fn connect(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Self(BufReader::new(stream)))
    }

    /// The status and the content of an answer, of which every one here has a `content-length` or none.
    fn send(&mut self, method: &str, target: &str, body: &[u8]) -> io::Result<(u16, Vec<u8>)> {
        let head = format!(
            "{method} {target} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        self.0
            .get_mut()
            .write_all(&[head.as_bytes(), body].concat())?;
        let mut line = String::new();
        let mut next = |line: &mut String| {
            line.clear();
            match self.0.read_line(line)? {
                0 => Err(io::ErrorKind::UnexpectedEof.into()),
                _ => io::Result::Ok(()),
            }
        };
        next(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|word| word.parse().ok());
        let mut size = 0;
        while line != "\r\n" {
            next(&mut line)?;
            let (name, value) = line.split_once(':').unwrap_or_default();
            if name.eq_ignore_ascii_case("content-length") {
                size = value.trim().parse().unwrap();
            }
        }
        let mut content = vec![0; size];
        self.0.read_exact(&mut content)?;
        Ok((status.unwrap_or_default(), content))
    }
}

/// A value that is large now and then, and that can be told from a part of it.
fn value(number: u64) -> Vec<u8> {
    let size = if number.is_multiple_of(7) {
        200_000
    } else {
        100
    };
    vec![u8::try_from(number % 251).unwrap(); size]
}

/// What clients were told of.
#[derive(Default)]
struct Told {
    /// The path and the number of each value that is kept.
    kept: Vec<(String, u64)>,
    /// The same of those of which a client was not told whether they are.
    doubtful: Vec<(String, u64)>,
    /// How often the count was added to.
    added: i64,
}

/// Writes until the server is gone.
fn write(port: u16, name: &str, folders: &[&str]) -> Told {
    let mut told = Told::default();
    let Ok(mut client) = Client::connect(port) else {
        return told;
    };
    for number in 0.. {
        for folder in folders {
            let target = format!("{folder}/{name}-{number}");
            match client.send("PUT", &target, &value(number)) {
                Ok((200..=204, _)) => told.kept.push((target, number)),
                Ok((status, _)) => unreachable!("{target}: {status}"),
                Err(_) => {
                    told.doubtful.push((target, number));
                    return told;
                }
            }
        }
        match client.send("POST", "/atomic/count/add?by=1", b"") {
            Ok((200, _)) => told.added += 1,
            Ok((status, content)) => unreachable!("{status} {content:?}"),
            Err(_) => return told,
        }
    }
    told
}

/// A server, which is killed with this.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(command: &mut Command) -> (Server, u16) {
    let mut server = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut out = BufReader::new(server.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    let port = line
        .trim()
        .rsplit(':')
        .next()
        .and_then(|port| port.parse().ok());
    (
        Server(server),
        port.unwrap_or_else(|| unreachable!("{line}")),
    )
}

fn outlives(mut command: Command, folders: &[&str]) {
    let data = tempfile::tempdir().unwrap();
    command.args(["--port", "0"]).env("GURU_DATA", data.path());
    let (mut total, mut rounds_with_writes, mut added, mut halves) = (0, 0, 0, 0);
    let mut told = Told::default();
    for round in 0..=ROUNDS {
        let (server, port) = start(&mut command);
        let mut client = Client::connect(port).unwrap();
        for (target, number) in &told.kept {
            let (status, content) = client.send("GET", target, b"").unwrap();
            assert_eq!(status, 200, "{target} in round {round}");
            assert!(content == value(*number), "{target} in round {round}");
        }
        for (target, number) in &told.doubtful {
            let (status, content) = client.send("GET", target, b"").unwrap();
            let is_whole = status == 200 && content == value(*number);
            assert!(
                status == 404 || is_whole,
                "{target} in round {round}: half of it"
            );
            halves += 1;
        }
        let (status, counted) = client.send("POST", "/atomic/count/add?by=0", b"").unwrap();
        assert_eq!(status, 200);
        let counted: i64 = String::from_utf8(counted).unwrap().parse().unwrap();
        // Of one of each client in each round nobody was told whether it was counted.
        let unknown = i64::try_from(round * CLIENTS).unwrap();
        assert!(
            (added..=added + unknown).contains(&counted),
            "{counted} of {added}"
        );
        if round == ROUNDS {
            break;
        }
        let all = thread::scope(|scope| {
            let clients = (0..CLIENTS).map(|client| {
                let name = format!("{round}-{client}");
                scope.spawn(move || write(port, &name, folders))
            });
            let clients: Vec<_> = clients.collect();
            thread::sleep(Duration::from_millis(TIME + round * 7 % 60));
            drop(server);
            let all = clients.into_iter().map(|client| client.join().unwrap());
            all.collect::<Vec<_>>()
        });
        told = Told::default();
        for one in all {
            told.kept.extend(one.kept);
            told.doubtful.extend(one.doubtful);
            added += one.added;
        }
        total += told.kept.len();
        rounds_with_writes += usize::from(!told.kept.is_empty());
    }
    assert!(
        rounds_with_writes > 25,
        "only {rounds_with_writes} rounds with writes"
    );
    assert!(total > 200, "only {total} writes");
    assert!(halves > 10, "only {halves} were cut off");
}

/// One after the other: the component is built with other features, and so is then the native program, which is asked for its
/// routes.
#[test]
fn what_was_acknowledged_outlives_the_native_server_and_the_host_of_components() {
    outlives(Command::new(program("probe").unwrap()), &["/kv", "/blob"]);

    let folder = tempfile::tempdir().unwrap();
    let compiled = folder.path().join("probe.cwasm");
    compile(&component(Function::Probe, "wasi").unwrap(), &compiled).unwrap();
    let mut command = Command::new(program("guru-host").unwrap());
    command.arg("serve").arg(compiled);
    outlives(command, &["/kv"]);
}
