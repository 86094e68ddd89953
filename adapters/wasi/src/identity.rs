//! The client's address and the request id, from headers that the host vouches for.
//!
//! WASI has no call for either. A host that knows them sends headers, and a client can send headers of the same
//! names. The deployment therefore names the host's own headers in the environment. If there are several copies, the
//! last one counts, since a host that does not replace a client's copy appends its own (Spin does so with
//! `spin-client-addr`). If the environment names no header, none is trusted.

use std::net::{IpAddr, SocketAddr};

use guru_core::ports::Random;
use guru_core::{Headers, Invocation};

use crate::environment::variable;

/// The variable that names the header with the client's address, with or without a port.
const CLIENT_ADDRESS: &str = "GURU_CLIENT_ADDRESS_HEADER";

/// The variable that names the header with the request id.
const REQUEST_ID: &str = "GURU_REQUEST_ID_HEADER";

/// The names of the host's headers.
#[derive(Debug, Default)]
pub(crate) struct Identity {
    client_address: Option<String>,
    request_id: Option<String>,
}

/// What the host reports about one request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct HostHeaders {
    client_ip: Option<IpAddr>,
    request_id: Option<String>,
}

impl Identity {
    pub(crate) fn from_environment() -> Self {
        let name = |setting| {
            let name = variable(setting)?.trim_ascii().to_ascii_lowercase();
            (!name.is_empty()).then_some(name)
        };
        Self {
            client_address: name(CLIENT_ADDRESS),
            request_id: name(REQUEST_ID),
        }
    }

    /// Removes the host's headers, and a client's copies of them, from the request. Returns what the host reports.
    pub(crate) fn take(&self, headers: &mut Headers) -> HostHeaders {
        let mut last = |name: &Option<String>| {
            let name = name.as_deref()?;
            let value = headers.get_all(name).last()?;
            let value = std::str::from_utf8(value).ok().map(str::to_owned);
            headers.remove(name);
            value
        };
        HostHeaders {
            client_ip: last(&self.client_address).and_then(|address| ip(&address)),
            request_id: last(&self.request_id).filter(|id| !id.is_empty()),
        }
    }
}

impl HostHeaders {
    /// The invocation, with a generated id if the host reports none.
    pub(crate) fn invocation(self, random: &dyn Random) -> Invocation {
        let id = self.request_id.unwrap_or_else(|| random.uuid().to_string());
        Invocation::new(id).with_client_ip(self.client_ip)
    }
}

/// Parses an address, with or without a port.
fn ip(text: &str) -> Option<IpAddr> {
    let text = text.trim_ascii();
    let address = text.parse::<SocketAddr>().map(|address| address.ip());
    let address = address.or_else(|_| text.parse()).ok()?;
    // What Spin says of a request by another component.
    (!address.is_unspecified()).then(|| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(&str, &str)]) -> Headers {
        let mut headers = Headers::new();
        for (name, value) in fields {
            headers.append(name, value).unwrap();
        }
        headers
    }

    #[test]
    fn the_host_s_own_copy_is_the_last_one() {
        let identity = Identity {
            client_address: Some("spin-client-addr".into()),
            request_id: None,
        };
        let mut sent = headers(&[
            ("spin-client-addr", "6.6.6.6:1"),
            ("x-other", "kept"),
            ("spin-client-addr", "127.0.0.1:5000"),
        ]);
        let said = identity.take(&mut sent);
        assert_eq!(said.client_ip, Some([127, 0, 0, 1].into()));
        assert_eq!(said.request_id, None);
        assert_eq!(sent, headers(&[("x-other", "kept")]));
    }

    #[test]
    fn nothing_is_believed_that_the_environment_does_not_name() {
        let mut sent = headers(&[
            ("spin-client-addr", "6.6.6.6:1"),
            ("x-forwarded-for", "6.6.6.6"),
            ("x-request-id", "mine"),
        ]);
        assert_eq!(Identity::default().take(&mut sent), HostHeaders::default());
        assert_eq!(sent.len(), 3);
    }

    #[test]
    fn an_address_may_have_a_port() {
        let loopback = Some(IpAddr::from([127, 0, 0, 1]));
        for text in [
            "127.0.0.1",
            "127.0.0.1:80",
            " ::ffff:127.0.0.1 ",
            "[::ffff:127.0.0.1]:80",
        ] {
            assert_eq!(ip(text), loopback, "{text}");
        }
        assert_eq!(ip("::1"), Some("::1".parse().unwrap()));
        for text in [
            "",
            "0.0.0.0:0",
            "localhost",
            "127.0.0.1:x",
            "1.2.3.4, 5.6.7.8",
        ] {
            assert_eq!(ip(text), None, "{text}");
        }
    }
}
