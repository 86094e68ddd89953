//! What several tests ask an app with.

use guru_core::{App, Method, memory};

/// The headers of a request.
pub(crate) type Given<'a> = &'a [(&'a str, &'a str)];

pub(crate) fn client(app: App) -> memory::Client {
    memory::Client::new(app).unwrap()
}

pub(crate) fn ask(
    client: &memory::Client,
    method: &str,
    target: &str,
    headers: Given<'_>,
) -> memory::Reply {
    let method = Method::parse(method.as_bytes()).unwrap();
    let call = client.request(method, target);
    let call = headers
        .iter()
        .fold(call, |call, (name, value)| call.header(name, value));
    call.send()
}
