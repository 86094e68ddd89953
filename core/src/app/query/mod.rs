//! Deserializes a query into a struct, as `serde_html_form` does, but without `std`.
//!
//! A field behind `#[serde(flatten)]` or in an untagged enum is requested as "any" first, and as a number or a list
//! only later, when there is no way back to the query. Such values are read as strings; if that turns out to be the
//! wrong type, the query is read again with a type that fits.

mod error;

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::string::ToString as _;
use alloc::vec::Vec;
use core::cell::Cell;

use serde::Deserialize;
use serde::de::value::{MapDeserializer, SeqDeserializer, StrDeserializer};
use serde::de::{Deserializer, Error as _, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

pub(super) use error::Error;
use error::FieldKind;

/// The maximum number of passes over a query, and the number of passes after which all values that could be numbers
/// are read as numbers at once: a map of numbers may have thousands of entries.
const ATTEMPTS: usize = 64;
const AT_ONCE: usize = 16;

/// Deserializes pairs into a struct or a map. The values of a repeated key become the items of one value.
pub(super) fn deserialize<'a, T: Deserialize<'a>>(
    pairs: impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)>,
) -> Result<T, Error> {
    // A client may send thousands of keys, so a lookup must not scan all of them.
    let mut fields: BTreeMap<Cow<'a, str>, Field<'a>> = BTreeMap::new();
    for (key, value) in pairs {
        fields.entry(key).or_default().values.push(value);
    }
    let mut last = None;
    for attempt in 0..ATTEMPTS {
        let entries = fields
            .iter()
            .map(|(key, field)| (StrDeserializer::new(key), field.reader()));
        let error = match serde_path_to_error::deserialize(MapDeserializer::new(entries)) {
            Ok(value) => return Ok(value),
            Err(error) => located(error),
        };
        let is_many = attempt == AT_ONCE && guess_all(&mut fields);
        if is_many {
            last = None;
        } else if !reread(&mut fields, &mut last, &error) {
            return Err(error.of_field(&fields));
        }
    }
    Err(Error::custom(
        "there are too many fields whose types cannot be told",
    ))
}

fn located(error: serde_path_to_error::Error<Error>) -> Error {
    let path = error.path().to_string();
    let mut error = error.into_inner();
    if path != "." {
        error.field = Some(path);
    }
    error
}

/// Reads all values that could be numbers as numbers on the next pass. Returns whether there was one.
fn guess_all(fields: &mut BTreeMap<Cow<'_, str>, Field<'_>>) -> bool {
    let texts = fields
        .values_mut()
        .filter(|field| field.asked.get() && field.shape == Shape::Text);
    texts
        .filter_map(|field| field.take(Shape::Guess).then_some(()))
        .count()
        > 0
}

/// Selects a field to read differently on the next pass, and stores its index in `last`. Returns whether there was
/// one.
fn reread(
    fields: &mut BTreeMap<Cow<'_, str>, Field<'_>>,
    last: &mut Option<usize>,
    error: &Error,
) -> bool {
    if error.is_final {
        return false;
    }
    let Some(found) = &error.found else {
        // An untagged enum does not report what it expected.
        return error.field.is_none() && guess_all(fields);
    };
    let FieldKind::Text(text) = found else {
        // A different field with the same value expected a number or a list.
        let wrong = match (last.take(), found) {
            (Some(place), _) => fields.values_mut().nth(place),
            (None, FieldKind::Number(text)) => fields
                .values_mut()
                .find(|field| field.shape == Shape::Guess && field.has(text)),
            (None, _) => None,
        };
        return wrong.is_some_and(|field| {
            matches!(field.shape, Shape::Guess | Shape::List) && field.take(Shape::Settled)
        });
    };
    let wants_list = error.wanted.contains("sequence");
    *last = fields.values_mut().position(|field| {
        field.asked.get()
            && field.has(text)
            && match field.shape {
                Shape::Text if wants_list => field.take(Shape::List),
                Shape::Text => field.take(Shape::Guess),
                Shape::List => field.take(Shape::GuessedList),
                _ => false,
            }
    });
    last.is_some()
}

/// How the values of a key are presented to `deserialize_any`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Shape {
    #[default]
    Text,
    /// A number or a boolean.
    Guess,
    /// A list, even of a single value.
    List,
    GuessedList,
    /// A string; this is final.
    Settled,
}

/// The values of a key, at least one.
#[derive(Debug, Default)]
struct Field<'a> {
    values: Vec<Cow<'a, str>>,
    shape: Shape,
    /// Whether it was requested through `deserialize_any`.
    asked: Cell<bool>,
}

impl<'a> Field<'a> {
    fn reader(&self) -> Values<'_, 'a> {
        Values {
            values: &self.values,
            shape: self.shape,
            asked: &self.asked,
        }
    }

    fn has(&self, text: &str) -> bool {
        self.values.iter().any(|value| *value == text)
    }

    /// Switches to another shape, if a value fits it. Returns whether the shape has changed.
    fn take(&mut self, shape: Shape) -> bool {
        let guesses = matches!(shape, Shape::Guess | Shape::GuessedList);
        let fits = !guesses || self.values.iter().all(|value| Guess::of(value).is_some());
        fits && core::mem::replace(&mut self.shape, shape) != shape
    }
}

/// A string that also reads as another type.
enum Guess {
    Truth(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
}

impl Guess {
    fn of(text: &str) -> Option<Self> {
        let unsigned = text.parse().map(Self::Unsigned);
        unsigned
            .or_else(|_| text.parse().map(Self::Signed))
            .ok()
            .or_else(|| text.parse().map(Self::Truth).ok())
            .or_else(|| text.parse().map(Self::Float).ok())
    }
}

/// The values of a key, deserialized as the requested type.
#[derive(Clone, Copy)]
struct Values<'f, 'a> {
    values: &'f [Cow<'a, str>],
    shape: Shape,
    asked: &'f Cell<bool>,
}

/// One value, whatever is asked for.
pub(super) fn value<'v>(
    values: &'v [Cow<'v, str>],
    asked: &'v Cell<bool>,
) -> impl Deserializer<'v, Error = Error> + IntoDeserializer<'v, Error> {
    let shape = Shape::Text;
    Values {
        values,
        shape,
        asked,
    }
}

impl<'f> Values<'f, '_> {
    fn only(self) -> Result<&'f str, Error> {
        match self.values {
            [value] => Ok(value),
            _ => Err(Error::custom("given more than once")),
        }
    }

    fn items(self, shape: Shape) -> impl Iterator<Item = Self> {
        let Self { values, asked, .. } = self;
        values.chunks(1).map(move |values| Self {
            values,
            shape,
            asked,
        })
    }
}

impl<'de> IntoDeserializer<'de, Error> for Values<'_, '_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! parsed {
    ($($method:ident $visit:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.$visit(self.only()?.parse().map_err(Error::custom)?)
        })*
    };
}

impl<'de> Deserializer<'de> for Values<'_, '_> {
    type Error = Error;

    parsed! {
        deserialize_bool visit_bool deserialize_char visit_char
        deserialize_i8 visit_i8 deserialize_i16 visit_i16 deserialize_i32 visit_i32
        deserialize_i64 visit_i64 deserialize_i128 visit_i128
        deserialize_u8 visit_u8 deserialize_u16 visit_u16 deserialize_u32 visit_u32
        deserialize_u64 visit_u64 deserialize_u128 visit_u128
        deserialize_f32 visit_f32 deserialize_f64 visit_f64
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.asked.set(true);
        let of_items = match self.shape {
            Shape::List => Some(Shape::Text),
            Shape::GuessedList => Some(Shape::Guess),
            shape if self.values.len() > 1 => Some(shape),
            _ => None,
        };
        if let Some(shape) = of_items {
            return SeqDeserializer::new(self.items(shape)).deserialize_any(visitor);
        }
        let text = self.only()?;
        match (self.shape, Guess::of(text)) {
            (Shape::Guess, Some(Guess::Truth(truth))) => visitor.visit_bool(truth),
            (Shape::Guess, Some(Guess::Unsigned(number))) => visitor.visit_u64(number),
            (Shape::Guess, Some(Guess::Signed(number))) => visitor.visit_i64(number),
            (Shape::Guess, Some(Guess::Float(number))) => visitor.visit_f64(number),
            _ => visitor.visit_str(text),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.only()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.only()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        SeqDeserializer::new(self.items(Shape::Text)).deserialize_seq(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.only()?
            .into_deserializer()
            .deserialize_enum(name, variants, visitor)
    }

    /// An ignored key may be repeated.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bytes byte_buf unit unit_struct tuple tuple_struct map struct identifier
    }
}

impl Error {
    /// Adds the name of the field if its value identifies it: a flattened field has no path.
    fn of_field(mut self, fields: &BTreeMap<Cow<'_, str>, Field<'_>>) -> Self {
        if self.field.is_none()
            && let Some(FieldKind::Text(text) | FieldKind::Number(text)) = &self.found
        {
            let is_it = |field: &Field<'_>| field.asked.get() && field.has(text);
            let mut named = fields.iter().filter(|(_, field)| is_it(field));
            self.field = named.next().map(|(key, _)| key.clone().into_owned());
        }
        self
    }
}
