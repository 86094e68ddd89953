//! The events that services with an HTTP front end invoke Lambda with.
//!
//! There is one type for all senders, because nothing at the beginning of an event identifies its sender, and because
//! the crate that defines these shapes keeps maps in an order of its own, and rejects an event for a header that is
//! not ASCII. An event is read in one pass, in the order in which it was sent. Unreadable input is an event too, so
//! that it is rejected with our own message.
//!
//! Shapes: <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>,
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html>,
//! <https://docs.aws.amazon.com/vpc-lattice/latest/ug/lambda-functions.html>.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::error::Error;
use crate::shape::{Kind as JsonKind, Loose, Members, Shape};
use crate::unknown::{self, Seen};

/// The sender of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// API Gateway's REST API, or its HTTP API with payloads of version 1.0.
    Rest,
    /// API Gateway's HTTP API, with payloads of version 2.0.
    Http,
    /// A Function URL.
    FunctionUrl,
    /// An Application Load Balancer, with multi-value headers or single-value ones.
    LoadBalancer { has_lists: bool },
    /// VPC Lattice, with events of either version.
    Lattice,
}

/// An event: everything that any sender reports about a request.
#[derive(Debug, Default)]
pub(crate) struct Event {
    pub(crate) version: Option<String>,
    pub(crate) resource: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) raw_path: Option<String>,
    pub(crate) raw_query: Option<String>,
    pub(crate) method: Option<String>,
    pub(crate) headers: Option<Members>,
    pub(crate) header_lists: Option<Members>,
    pub(crate) query: Option<Members>,
    pub(crate) query_lists: Option<Members>,
    pub(crate) path_parameters: Option<Members>,
    pub(crate) cookies: Option<Vec<String>>,
    pub(crate) body: Option<String>,
    pub(crate) is_base64: Option<bool>,
    pub(crate) context: Option<RequestContext>,
    /// VPC Lattice's name for `method`.
    short_method: Option<String>,
    /// Whether there is a `raw_path`, as in VPC Lattice's first version.
    has_raw_path: bool,
    /// The first known member of a wrong type: its name, the type it has, and the type it should have.
    misfit: Option<(&'static str, JsonKind, &'static str)>,
    seen: Seen,
}

/// `requestContext`.
#[derive(Debug, Default)]
pub(crate) struct RequestContext {
    pub(crate) domain_name: Option<String>,
    pub(crate) stage: Option<String>,
    pub(crate) identity: Option<Identity>,
    pub(crate) http: Option<Http>,
    has_elb: bool,
    has_service: bool,
    /// Whether it is from a WebSocket API, which otherwise has everything that a REST API has.
    has_connection: bool,
    names: Vec<String>,
}

/// `requestContext.identity`, of a REST API.
#[derive(Debug, Default)]
pub(crate) struct Identity {
    pub(crate) source_ip: Option<String>,
}

/// `requestContext.http`, of version 2.0.
#[derive(Debug, Default)]
pub(crate) struct Http {
    pub(crate) method: Option<String>,
    pub(crate) source_ip: Option<String>,
}

impl Event {
    /// The sender of the event.
    pub(crate) fn kind(&self) -> Result<Kind, Error> {
        let kind = self.sender().ok_or_else(|| self.unknown(None))?;
        let lacks = [
            ("a method", self.method().is_none()),
            ("a path", self.path.is_none() && self.raw_path.is_none()),
        ];
        if let Some((what, _)) = lacks.into_iter().find(|(_, lacks)| *lacks) {
            return Err(self.unknown(Some(format!("it lacks {what}"))));
        }
        match self.misfit {
            Some((name, found, wanted)) => {
                let problem = format!("its `{name}` is {found}, where {wanted} belongs");
                Err(self.unknown(Some(problem)))
            }
            None => Ok(kind),
        }
    }

    /// The apparent sender.
    fn sender(&self) -> Option<Kind> {
        // An authorizer is asked about a request, and does not respond to it.
        if self.seen.has_any(&["methodArn", "routeArn"]) {
            return None;
        }
        let Some(context) = &self.context else {
            let is_lattice = self.has_raw_path && self.short_method.is_some();
            return is_lattice.then_some(Kind::Lattice);
        };
        if context.has_connection {
            return None;
        }
        if context.has_elb {
            let has_lists = self.header_lists.is_some();
            return Some(Kind::LoadBalancer { has_lists });
        }
        if context.http.is_some() {
            // A Function URL has no domain except Lambda's own, and its path is encoded.
            let domain = context.domain_name.as_deref();
            let is_url = domain.is_some_and(|domain| domain.contains(".lambda-url."));
            return Some(if is_url {
                Kind::FunctionUrl
            } else {
                Kind::Http
            });
        }
        if context.has_service {
            return Some(Kind::Lattice);
        }
        self.method.is_some().then_some(Kind::Rest)
    }

    /// The method, wherever the sender puts it.
    pub(crate) fn method(&self) -> Option<&str> {
        let http = || self.context.as_ref()?.http.as_ref()?.method.as_deref();
        let own = self.method.as_deref().or(self.short_method.as_deref());
        own.or_else(http)
    }

    fn unknown(&self, problem: Option<String>) -> Error {
        let context = self.context.as_ref();
        let names = context.map_or(&[][..], |context| &context.names);
        unknown::error(&self.seen, names, problem)
    }

    /// Reads a member whose name is known. Returns whether it was.
    fn take<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        let misfit = &mut self.misfit;
        match name {
            // Other senders use a number.
            "version" => self.version = lenient(map)?,
            "resource" => self.resource = member("resource", map, misfit)?,
            "path" => self.path = member("path", map, misfit)?,
            "rawPath" => self.raw_path = member("rawPath", map, misfit)?,
            "raw_path" => {
                self.raw_path = member("raw_path", map, misfit)?;
                self.has_raw_path = true;
            }
            "rawQueryString" => self.raw_query = member("rawQueryString", map, misfit)?,
            "httpMethod" => self.method = member("httpMethod", map, misfit)?,
            "method" => self.short_method = member("method", map, misfit)?,
            "headers" => self.headers = member("headers", map, misfit)?,
            "multiValueHeaders" => self.header_lists = member("multiValueHeaders", map, misfit)?,
            "queryStringParameters" => {
                self.query = member("queryStringParameters", map, misfit)?;
            }
            "query_string_parameters" => {
                self.query = member("query_string_parameters", map, misfit)?;
            }
            "multiValueQueryStringParameters" => {
                self.query_lists = member("multiValueQueryStringParameters", map, misfit)?;
            }
            "pathParameters" => self.path_parameters = member("pathParameters", map, misfit)?,
            "cookies" => self.cookies = member("cookies", map, misfit)?,
            "body" => self.body = member("body", map, misfit)?,
            "isBase64Encoded" => self.is_base64 = member("isBase64Encoded", map, misfit)?,
            "is_base64_encoded" => self.is_base64 = member("is_base64_encoded", map, misfit)?,
            "requestContext" => self.context = member("requestContext", map, misfit)?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// Reads the next member. If it has a wrong type, that is recorded, unless an earlier one had.
fn member<'de, A: MapAccess<'de>, T: Shape>(
    name: &'static str,
    map: &mut A,
    misfit: &mut Option<(&'static str, JsonKind, &'static str)>,
) -> Result<Option<T>, A::Error> {
    let Loose(found) = map.next_value::<Loose<T>>()?;
    Ok(found.unwrap_or_else(|found| {
        misfit.get_or_insert((name, found, T::WANTED));
        None
    }))
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Anything is an event, so that an unknown one can be rejected in its own terms.
        let read = deserializer.deserialize_any(Reader);
        Ok(read.unwrap_or_else(|error| Self::other(format!("not JSON that can be read: {error}"))))
    }
}

impl Event {
    /// An event that is not an object.
    fn other(what: impl Into<Cow<'static, str>>) -> Self {
        Self {
            seen: Seen::other(what),
            ..Self::default()
        }
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Event;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Event, A::Error> {
        let mut event = Event::default();
        while let Some(name) = map.next_key::<Cow<'_, str>>()? {
            if event.take(&name, &mut map)? {
                event.seen.name(&name);
            } else {
                event.seen.member(&name, &mut map)?;
            }
        }
        Ok(event)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Event, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Event::other("a list"))
    }

    fn visit_str<E>(self, _text: &str) -> Result<Event, E> {
        Ok(Event::other("a text"))
    }

    fn visit_bool<E>(self, _truth: bool) -> Result<Event, E> {
        Ok(Event::other("a boolean"))
    }

    fn visit_i64<E>(self, _number: i64) -> Result<Event, E> {
        Ok(Event::other("a number"))
    }

    fn visit_u64<E>(self, _number: u64) -> Result<Event, E> {
        Ok(Event::other("a number"))
    }

    fn visit_f64<E>(self, _number: f64) -> Result<Event, E> {
        Ok(Event::other("a number"))
    }

    fn visit_unit<E>(self) -> Result<Event, E> {
        Ok(Event::other("null"))
    }
}

/// Reads the next member, or nothing if it has a wrong type: only code that needs it decides whether that matters.
fn lenient<'de, A: MapAccess<'de>, T: Shape>(map: &mut A) -> Result<Option<T>, A::Error> {
    Ok(map.next_value::<Loose<T>>()?.0.unwrap_or_default())
}

impl Shape for RequestContext {
    const WANTED: JsonKind = "an object";

    fn object<'de, A: MapAccess<'de>>(mut map: A) -> Result<Option<Self>, A::Error> {
        let mut context = Self::default();
        while let Some(name) = map.next_key::<Cow<'_, str>>()? {
            match &*name {
                "domainName" => context.domain_name = lenient(&mut map)?,
                "stage" => context.stage = lenient(&mut map)?,
                "identity" => context.identity = lenient(&mut map)?,
                "http" => context.http = lenient(&mut map)?,
                other => {
                    context.has_elb |= other == "elb";
                    context.has_service |= matches!(other, "serviceArn" | "serviceNetworkArn");
                    context.has_connection |= matches!(other, "connectionId" | "eventType");
                    map.next_value::<IgnoredAny>()?;
                }
            }
            context.names.push(name.into_owned());
        }
        Ok(Some(context))
    }
}

impl Shape for Identity {
    const WANTED: JsonKind = "an object";

    fn object<'de, A: MapAccess<'de>>(mut map: A) -> Result<Option<Self>, A::Error> {
        let mut identity = Self::default();
        while let Some(name) = map.next_key::<Cow<'_, str>>()? {
            match &*name {
                "sourceIp" => identity.source_ip = lenient(&mut map)?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Some(identity))
    }
}

impl Shape for Http {
    const WANTED: JsonKind = "an object";

    fn object<'de, A: MapAccess<'de>>(mut map: A) -> Result<Option<Self>, A::Error> {
        let mut http = Self::default();
        while let Some(name) = map.next_key::<Cow<'_, str>>()? {
            match &*name {
                "method" => http.method = lenient(&mut map)?,
                "sourceIp" => http.source_ip = lenient(&mut map)?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Some(http))
    }
}
