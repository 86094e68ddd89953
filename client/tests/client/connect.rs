//! Who is connected to, and who is not. It must not know the inside of the client.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::process::Command;
use std::sync::Arc;

use guru_client::{Client, ErrorKind};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{RootCertStore, ServerConfig, ServerConnection};

use crate::origin::{answering, origin};
use crate::{get, run, text};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// One that speaks TLS for `localhost`, with a certificate that nobody has signed.
fn secure() -> (SocketAddr, CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let certificate = made.cert.der().clone();
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let (address, _) = origin(move |_, stream| {
        let mut connection = ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut tls = rustls::Stream::new(&mut connection, stream);
        // A client that does not trust us closes the connection here.
        if tls.read(&mut [0; 1024]).is_ok() {
            tls.write_all(OK).unwrap();
            tls.conn.send_close_notify();
            tls.flush().unwrap();
        }
    });
    (address, certificate)
}

fn trusting(certificate: CertificateDer<'static>) -> Client {
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    Client::with_roots(roots)
}

/// The kind of error, whose message has the host and no more of the URI.
fn refused(client: &Client, scheme: &str, host: &str) -> (ErrorKind, String) {
    let error = run(get(client, &format!("{scheme}://{host}/secret?token=7"))).unwrap_err();
    let message = error.to_string();
    assert!(message.contains(host), "{message}");
    assert!(
        !message.contains("secret") && !message.contains("token"),
        "{message}"
    );
    (error.kind(), message)
}

#[test]
fn a_name_without_an_address_is_not_found() {
    let (kind, message) = refused(&Client::new(), "http", "nowhere.invalid");
    assert_eq!(kind, ErrorKind::Dns, "{message}");
    let (kind, message) = refused(
        &Client::with_names(|_| Vec::new(), None),
        "http",
        "empty.example",
    );
    assert_eq!(kind, ErrorKind::Dns, "{message}");
}

#[test]
fn nobody_there_is_no_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    drop(listener);
    for scheme in ["http", "https"] {
        let (kind, message) = refused(&trusting(secure().1), scheme, &host);
        assert_eq!(kind, ErrorKind::Connect, "{message}");
        assert!(message.contains("refused"), "{message}");
    }
}

#[test]
fn whom_is_trusted_is_spoken_to() {
    let (address, certificate) = secure();
    let client = trusting(certificate);
    let uri = format!("https://localhost:{}/", address.port());
    let answered = run(async { text(get(&client, &uri).await.unwrap()).await });
    assert_eq!(answered, Ok("ok".into()));
    // With another name than the certificate's.
    let (kind, message) = refused(&client, "https", &address.to_string());
    assert_eq!(kind, ErrorKind::Tls, "{message}");
}

#[test]
fn who_is_not_to_be_trusted_gets_no_request() {
    let (address, _) = secure();
    let stranger = trusting(secure().1);
    let (kind, message) = refused(&stranger, "https", &format!("localhost:{}", address.port()));
    assert_eq!(kind, ErrorKind::Tls, "{message}");
    let (plain, _received) = origin(|_, stream| {
        let _ = stream.read(&mut [0; 1024]);
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .unwrap();
    });
    let (kind, message) = refused(&stranger, "https", &format!("localhost:{}", plain.port()));
    assert_eq!(kind, ErrorKind::Tls, "{message}");
    let (kind, message) = refused(&stranger, "http", &format!("localhost:{}", address.port()));
    assert_eq!(kind, ErrorKind::Broken, "{message}");
}

/// The test's other half runs in a process that has no certificates.
#[test]
fn a_machine_without_certificates_speaks_http_alone() {
    const NAME: &str = "connect::a_machine_without_certificates_speaks_http_alone";
    if std::env::var_os("SSL_CERT_FILE").is_none_or(|file| file != "/dev/null") {
        let run = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", NAME])
            .env("SSL_CERT_FILE", "/dev/null")
            .env_remove("SSL_CERT_DIR")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&run.stdout);
        assert!(run.status.success() && said.contains("1 passed"), "{said}");
        return;
    }
    let (address, _received) = answering(OK);
    let client = Client::new();
    run(get(&client, &format!("http://{address}/"))).unwrap();
    let (secure, _) = secure();
    for _ in 0..2 {
        let (kind, message) = refused(&client, "https", &format!("localhost:{}", secure.port()));
        assert_eq!(kind, ErrorKind::Tls, "{message}");
        assert!(message.contains("install ca-certificates"), "{message}");
    }
}

#[test]
fn no_name_leads_to_a_clouds_credentials() {
    let names: fn(&str) -> Vec<IpAddr> = |name| match name {
        "one.example" => vec![Ipv4Addr::new(169, 254, 169, 254).into()],
        "second.example" => vec![
            Ipv4Addr::LOCALHOST.into(),
            Ipv4Addr::new(169, 254, 170, 2).into(),
        ],
        "mapped.example" => vec!["::ffff:169.254.169.254".parse().unwrap()],
        "six.example" => vec!["fd00:ec2::254".parse().unwrap()],
        _ => vec![Ipv4Addr::LOCALHOST.into()],
    };
    let (address, received) = answering(OK);
    let client = Client::with_names(names, None);
    for name in ["one", "second", "mapped", "six"] {
        for scheme in ["http", "https"] {
            let host = format!("{name}.example:{}", address.port());
            let (kind, message) = refused(&client, scheme, &host);
            assert_eq!(kind, ErrorKind::Denied, "{message}");
        }
    }
    assert!(received.try_recv().is_err(), "it was connected to");
    let answered = run(get(
        &client,
        &format!("http://other.example:{}/", address.port()),
    ));
    assert_eq!(answered.unwrap().status(), 200);
}

#[test]
fn an_address_in_the_uri_is_connected_to_as_it_is() {
    let nobody: fn(&str) -> Vec<IpAddr> = |name| panic!("{name} is no name");
    let (address, _received) = answering(OK);
    let client = Client::with_names(nobody, None);
    run(get(&client, &format!("http://{address}/"))).unwrap();
    // The caller has decided on it. Without a zone, the system refuses this one at once.
    let (kind, message) = refused(&client, "http", "[fe80::1]");
    assert_eq!(kind, ErrorKind::Connect, "{message}");
}

#[test]
fn nothing_leads_to_what_a_platform_has_on_this_machine() {
    let names: fn(&str) -> Vec<IpAddr> = |name| match name {
        "four.example" => vec![Ipv4Addr::new(127, 0, 0, 2).into()],
        "six.example" => vec!["::1".parse().unwrap()],
        "none.example" => vec![Ipv4Addr::UNSPECIFIED.into()],
        _ => vec!["::ffff:127.0.0.1".parse().unwrap()],
    };
    let (address, received) = answering(OK);
    let client = Client::with_names(names, Some(address));
    for host in [
        "four.example",
        "six.example",
        "none.example",
        "mapped.example",
        "127.0.0.1",
        "127.0.0.2",
        "0.0.0.0",
        "[::1]",
        "[::ffff:127.0.0.1]",
    ] {
        let host = format!("{host}:{}", address.port());
        let (kind, message) = refused(&client, "http", &host);
        assert_eq!(kind, ErrorKind::Denied, "{message}");
    }
    assert!(received.try_recv().is_err(), "it was connected to");
    // Another port, or another address, is not the platform's.
    let other = SocketAddr::new(Ipv4Addr::new(192, 0, 2, 1).into(), address.port());
    run(get(
        &Client::with_names(names, Some(other)),
        &format!("http://{address}/"),
    ))
    .unwrap();
    let client = Client::with_names(
        |_| vec![Ipv4Addr::LOCALHOST.into()],
        Some(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 1)),
    );
    let answered = run(get(
        &client,
        &format!("http://other.example:{}/", address.port()),
    ));
    assert_eq!(answered.unwrap().status(), 200);
}
