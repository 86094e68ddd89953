//! What Lambda is invoked with by whatever speaks HTTP in front of it. It must not know what becomes of
//! it.
//!
//! One type for all senders, because nothing in an event says at its beginning whose it is, and because
//! the crate that has these shapes keeps maps in an order of its own, and refuses an event for a
//! header that is not ASCII. It is read in one pass, in the order in which it was sent.
//!
//! Shapes: <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>,
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html>.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::error::{Error, ErrorKind};

/// Whose event it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// API Gateway's REST API, or its HTTP API with payloads of version 1.0.
    Rest,
    /// API Gateway's HTTP API, with payloads of version 2.0.
    Http,
    /// A Function URL.
    FunctionUrl,
    /// An Application Load Balancer, with a list of values a header or with one.
    LoadBalancer { has_lists: bool },
}

/// Members by name, in the order in which they were sent.
pub(crate) type Members<V> = Vec<(String, V)>;

/// An event: all that any sender says of a request.
#[derive(Debug, Default)]
pub(crate) struct Event {
    pub(crate) version: Option<String>,
    pub(crate) resource: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) raw_path: Option<String>,
    pub(crate) raw_query: Option<String>,
    pub(crate) method: Option<String>,
    pub(crate) headers: Option<Members<Option<String>>>,
    pub(crate) header_lists: Option<Members<Option<Vec<String>>>>,
    pub(crate) query: Option<Members<Option<String>>>,
    pub(crate) query_lists: Option<Members<Option<Vec<String>>>>,
    pub(crate) path_parameters: Option<Members<Option<String>>>,
    pub(crate) cookies: Option<Vec<String>>,
    pub(crate) body: Option<String>,
    pub(crate) is_base64: bool,
    pub(crate) context: Option<Circumstances>,
    /// What else is there, by name; or what it is, when it is no object.
    seen: Vec<String>,
}

/// `requestContext`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Circumstances {
    pub(crate) domain_name: Option<String>,
    pub(crate) stage: Option<String>,
    pub(crate) identity: Option<Identity>,
    pub(crate) http: Option<Http>,
    elb: Option<IgnoredAny>,
}

/// `requestContext.identity`, of a REST API.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Identity {
    pub(crate) source_ip: Option<String>,
}

/// `requestContext.http`, of version 2.0.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Http {
    pub(crate) method: Option<String>,
    pub(crate) source_ip: Option<String>,
}

impl Event {
    /// Whose it is.
    pub(crate) fn kind(&self) -> Result<Kind, Error> {
        let context = self.context.as_ref();
        if context.is_some_and(|context| context.elb.is_some()) {
            let has_lists = self.header_lists.is_some();
            return Ok(Kind::LoadBalancer { has_lists });
        }
        if context.is_some_and(|context| context.http.is_some()) {
            // A Function URL has no domain but Lambda's own, and its path is encoded.
            let domain = context.and_then(|context| context.domain_name.as_deref());
            let is_url = domain.is_some_and(|domain| domain.contains(".lambda-url."));
            return Ok(if is_url {
                Kind::FunctionUrl
            } else {
                Kind::Http
            });
        }
        if context.is_some() && self.method.is_some() {
            return Ok(Kind::Rest);
        }
        Err(self.unknown())
    }

    fn unknown(&self) -> Error {
        let has = |name: &str| self.seen.iter().any(|seen| seen == name);
        let guess = if has("Records") {
            " (S3, SQS, SNS, DynamoDB and Kinesis send such)"
        } else if has("detail-type") {
            " (EventBridge sends such)"
        } else if has("connectionId") || self.context.is_some() {
            " (a WebSocket API sends such)"
        } else {
            ""
        };
        let seen = match self.seen.as_slice() {
            [] => "nothing in it".to_owned(),
            seen => seen.join(", "),
        };
        Error::new(
            ErrorKind::UnknownEvent,
            format!(
                "this event is no HTTP request: it has {seen}{guess}; invoke the function through \
                 API Gateway, a Function URL or a load balancer, or test it with an event of theirs"
            ),
        )
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Anything is an event, so that one that is not known can be answered in its own terms.
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl Reader {
    fn other<E>(what: &str) -> Result<Event, E> {
        Ok(Event {
            seen: vec![what.into()],
            ..Event::default()
        })
    }
}

impl<'de> Visitor<'de> for Reader {
    type Value = Event;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Event, A::Error> {
        let mut event = Event::default();
        while let Some(name) = map.next_key::<Cow<'_, str>>()? {
            match &*name {
                "version" => event.version = map.next_value()?,
                "resource" => event.resource = map.next_value()?,
                "path" => event.path = map.next_value()?,
                "rawPath" => event.raw_path = map.next_value()?,
                "rawQueryString" => event.raw_query = map.next_value()?,
                "httpMethod" => event.method = map.next_value()?,
                "headers" => event.headers = members(&mut map)?,
                "multiValueHeaders" => event.header_lists = members(&mut map)?,
                "queryStringParameters" => event.query = members(&mut map)?,
                "multiValueQueryStringParameters" => event.query_lists = members(&mut map)?,
                "pathParameters" => event.path_parameters = members(&mut map)?,
                "cookies" => event.cookies = map.next_value()?,
                "body" => event.body = map.next_value()?,
                "isBase64Encoded" => {
                    event.is_base64 = map.next_value::<Option<bool>>()?.unwrap_or(false);
                }
                "requestContext" => event.context = map.next_value()?,
                _ => {
                    event.seen.push(name.into_owned());
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(event)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Event, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Self::other("a list")
    }

    fn visit_str<E>(self, _text: &str) -> Result<Event, E> {
        Self::other("a text")
    }

    fn visit_bool<E>(self, _truth: bool) -> Result<Event, E> {
        Self::other("a boolean")
    }

    fn visit_i64<E>(self, _number: i64) -> Result<Event, E> {
        Self::other("a number")
    }

    fn visit_u64<E>(self, _number: u64) -> Result<Event, E> {
        Self::other("a number")
    }

    fn visit_f64<E>(self, _number: f64) -> Result<Event, E> {
        Self::other("a number")
    }

    fn visit_unit<E>(self) -> Result<Event, E> {
        Self::other("null")
    }
}

/// The members of the object that comes next, if there is one.
fn members<'de, A, V>(map: &mut A) -> Result<Option<Members<V>>, A::Error>
where
    A: MapAccess<'de>,
    V: Deserialize<'de>,
{
    Ok(map
        .next_value::<Option<Ordered<V>>>()?
        .map(|ordered| ordered.0))
}

struct Ordered<V>(Members<V>);

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Ordered<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each<V>(std::marker::PhantomData<V>);

        impl<'de, V: Deserialize<'de>> Visitor<'de> for Each<V> {
            type Value = Members<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<V>, A::Error> {
                let mut members = Vec::with_capacity(map.size_hint().unwrap_or(16));
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }

        deserializer
            .deserialize_map(Each(std::marker::PhantomData))
            .map(Self)
    }
}
