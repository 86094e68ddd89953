//! Lenient deserialization of JSON whose shape is not guaranteed: the value of a member, or the type that it has
//! instead.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The type of a JSON value, as shown in an error message.
pub(crate) type Kind = &'static str;

/// A type that can be read from a JSON value. A JSON type without a method here is a mismatch.
pub(crate) trait Shape: Sized {
    /// The expected type, as shown in an error message.
    const WANTED: Kind;

    fn text(_text: Cow<'_, str>) -> Option<Self> {
        None
    }

    fn truth(_truth: bool) -> Option<Self> {
        None
    }

    fn object<'de, A: MapAccess<'de>>(mut members: A) -> Result<Option<Self>, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

/// A value of the expected type, `None` for null, or the type that it has instead.
pub(crate) struct Loose<T>(pub(crate) Result<Option<T>, Kind>);

impl<'de, T: Shape> Deserialize<'de> for Loose<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader(PhantomData)).map(Self)
    }
}

struct Reader<T>(PhantomData<T>);

impl<'de, T: Shape> Visitor<'de> for Reader<T> {
    type Value = Result<Option<T>, Kind>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Ok(None))
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Self::Value, E> {
        Ok(T::truth(truth).map(Some).ok_or("a boolean"))
    }

    fn visit_i64<E>(self, _number: i64) -> Result<Self::Value, E> {
        Ok(Err("a number"))
    }

    fn visit_u64<E>(self, _number: u64) -> Result<Self::Value, E> {
        Ok(Err("a number"))
    }

    fn visit_f64<E>(self, _number: f64) -> Result<Self::Value, E> {
        Ok(Err("a number"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(T::text(text.into()).map(Some).ok_or("a text"))
    }

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(T::text(text.into()).map(Some).ok_or("a text"))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        Ok(T::object(members)?.map(Some).ok_or("an object"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        Ok(T::list(list)?.map(Some).ok_or("a list"))
    }
}

impl Shape for String {
    const WANTED: Kind = "a text";

    fn text(text: Cow<'_, str>) -> Option<Self> {
        Some(text.into_owned())
    }
}

impl Shape for bool {
    const WANTED: Kind = "true or false";

    fn truth(truth: bool) -> Option<Self> {
        Some(truth)
    }

    /// As VPC Lattice's first version may send it.
    fn text(text: Cow<'_, str>) -> Option<Self> {
        text.parse().ok()
    }
}

/// The values of one name: a string, or a list of strings.
#[derive(Debug)]
pub(crate) enum Values {
    One(String),
    Many(Vec<String>),
}

impl Values {
    pub(crate) fn as_slice(&self) -> &[String] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

impl Shape for Values {
    const WANTED: Kind = "a text or a list of texts";

    fn text(text: Cow<'_, str>) -> Option<Self> {
        Some(Self::One(text.into_owned()))
    }

    fn list<'de, A: SeqAccess<'de>>(list: A) -> Result<Option<Self>, A::Error> {
        Ok(Vec::list(list)?.map(Self::Many))
    }
}

impl Shape for Vec<String> {
    const WANTED: Kind = "a list of texts";

    fn list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        let (mut texts, mut is_good) = (Self::new(), true);
        while let Some(Loose(found)) = list.next_element::<Loose<String>>()? {
            match found {
                Ok(text) => texts.extend(text),
                Err(_) => is_good = false,
            }
        }
        Ok(is_good.then_some(texts))
    }
}

/// Members by name, in the order in which they were sent. A null member has no value.
pub(crate) type Members = Vec<(String, Values)>;

impl Shape for Members {
    const WANTED: Kind = "an object of texts";

    fn object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Option<Self>, A::Error> {
        let mut members = Self::with_capacity(object.size_hint().unwrap_or(16));
        let mut is_good = true;
        while let Some((name, Loose(found))) = object.next_entry::<String, Loose<Values>>()? {
            match found {
                Ok(values) => members.push((name, values.unwrap_or(Values::Many(Vec::new())))),
                Err(_) => is_good = false,
            }
        }
        Ok(is_good.then_some(members))
    }
}
