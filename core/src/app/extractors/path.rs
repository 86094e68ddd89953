//! The parameters of a path, as a value, a tuple or a struct.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::ToString as _;
use alloc::vec::Vec;
use core::cell::Cell;
use core::slice;

use serde::de::value::{MapDeserializer, SeqDeserializer, StrDeserializer};
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer as _, Visitor};

use super::super::query::{self, Error as Mismatch};
use super::super::{Context, Error, ErrorKind, FromHead, Result};
use super::OptionalFromHead;
use crate::http::{Request, Segment};

/// The parameters of the path: the only one as it is, several as a tuple in the order of the pattern, or as a struct or a map by their
/// names. Each is percent-decoded once; a rest (`{*name}`) is so as a whole.
///
/// What does not parse is a 400 that names the parameter. A route that has not those parameters is a fault of the function's: 500.
/// `Option<Path<T>>` is `None` where the route has no parameters.
///
/// ```
/// use guru_core::{App, Result, app::Path, memory};
///
/// #[derive(serde::Deserialize)]
/// struct Place {
///     user: String,
///     item: u8,
/// }
///
/// async fn one(Path(item): Path<u8>) -> String {
///     item.to_string()
/// }
///
/// async fn two(Path((user, item)): Path<(String, u8)>) -> String {
///     format!("{user} {item}")
/// }
///
/// async fn named(Path(Place { item, user }): Path<Place>) -> String {
///     format!("{user} {item}")
/// }
///
/// let app = App::new().get("/{item}", one).get("/{user}/{item}", two).get("/{user}/items/{item}", named);
/// let client = memory::Client::new(app)?;
/// client.get("/7").assert_text("7");
/// client.get("/Ada%20L/7").assert_text("Ada L 7");
/// client.get("/Ada/items/7").assert_text("Ada 7");
/// client.get("/Ada/items/256").assert_status(400);
/// # Ok::<(), guru_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned> FromHead for Path<T> {
    async fn from_head(_cx: &Context, req: &Request) -> Result<Self> {
        read(req).map(Self)
    }
}

impl<T: DeserializeOwned> OptionalFromHead for Path<T> {
    async fn optional_from_head(_cx: &Context, req: &Request) -> Result<Option<Self>> {
        if req.params().iter().next().is_none() {
            return Ok(None);
        }
        read(req).map(|value| Some(Self(value)))
    }
}

fn read<T: DeserializeOwned>(req: &Request) -> Result<T> {
    let path = req.uri().path();
    let mut all = Vec::new();
    for (name, span) in req.params().iter() {
        let raw = path.get(span).unwrap_or_default();
        let value = Segment::new(raw).decode();
        all.push((name, value.map_err(|error| Error::field(name, error))?));
    }
    let asked = Cell::new(false);
    let parameters = Parameters {
        all: &all,
        asked: &asked,
    };
    serde_path_to_error::deserialize(parameters).map_err(|error| {
        let name = named(&all, &error.path().to_string());
        let error = error.into_inner();
        match name.filter(|_| !error.is_of_shape) {
            Some(name) => Error::field(name, error),
            None => unfit(req, &error),
        }
    })
}

/// The parameter that is at this place of the value: all of it, an index or a name.
fn named<'a>(all: &[(&'a str, Cow<'_, str>)], place: &str) -> Option<&'a str> {
    let mut names = all.iter().map(|(name, _)| *name);
    if let Some(index) = place.strip_prefix('[') {
        let index = index.split(']').next()?.parse().ok()?;
        return names.nth(index);
    }
    match all {
        [(name, _)] => Some(name),
        _ => names.find(|name| place.split(['.', '[']).next() == Some(name)),
    }
}

fn unfit(req: &Request, error: &Mismatch) -> Error {
    let route = req.route().unwrap_or("none");
    let message =
        format!("the parameters of the route \"{route}\" are not what its handler takes: {error}");
    Error::new(ErrorKind::Internal, message)
}

/// The names and values, in their order.
#[derive(Clone, Copy)]
struct Parameters<'a> {
    all: &'a [(&'a str, Cow<'a, str>)],
    asked: &'a Cell<bool>,
}

impl<'a> Parameters<'a> {
    fn only(self) -> Result<&'a Cow<'a, str>, Mismatch> {
        match self.all {
            [(_, value)] => Ok(value),
            all => Err(serde::de::Error::invalid_length(all.len(), &"one")),
        }
    }

    /// The sole value, as whatever is asked for.
    fn single(self) -> Result<impl Deserializer<'a, Error = Mismatch>, Mismatch> {
        let value = slice::from_ref(self.only()?);
        Ok(query::value(value, self.asked))
    }

    fn items<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        let values = self.all.iter();
        let values = values.map(|(_, value)| query::value(slice::from_ref(value), self.asked));
        let mut items = SeqDeserializer::new(values);
        let read = visitor.visit_seq(&mut items)?;
        items.end()?;
        Ok(read)
    }

    fn named<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        let entries = self.all.iter().map(|(name, value)| {
            let value = query::value(slice::from_ref(value), self.asked);
            (StrDeserializer::new(name), value)
        });
        visitor.visit_map(MapDeserializer::new(entries))
    }
}

macro_rules! single {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mismatch> {
            self.single()?.$method(visitor)
        })*
    };
}

impl<'a> Deserializer<'a> for Parameters<'a> {
    type Error = Mismatch;

    single! {
        deserialize_any deserialize_bool deserialize_char deserialize_str deserialize_string
        deserialize_bytes deserialize_byte_buf deserialize_identifier
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        if self.all.is_empty() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        self.only()?
            .as_ref()
            .into_deserializer()
            .deserialize_enum(name, variants, visitor)
    }

    fn deserialize_unit<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'a>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        visitor.visit_unit()
    }

    fn deserialize_seq<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        self.items(visitor)
    }

    fn deserialize_tuple<V: Visitor<'a>>(
        self,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        self.items(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'a>>(
        self,
        _name: &'static str,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        self.items(visitor)
    }

    fn deserialize_map<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        self.named(visitor)
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        self.named(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_unit()
    }
}
