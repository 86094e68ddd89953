//! Rows of a database as types, by serde.

use alloc::string::ToString as _;
use alloc::vec::Vec;
use core::fmt;

use serde::de::value::{BytesDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Expected, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use crate::ports::{self, ErrorKind, Rows, SqlValue};

impl Rows {
    /// Its rows as such things: a struct with a field for each column, a tuple with an element for each, or, where there is one
    /// column, what that has. A number fits a `bool` where it is 1 or 0, and a text an enum of names.
    ///
    /// # Errors
    ///
    /// [`Corrupt`](ErrorKind::Corrupt) for a row that is no such thing.
    ///
    /// ```
    /// use guru_core::ports::{Rows, SqlValue};
    ///
    /// let rows = Rows {
    ///     columns: vec!["name".into(), "size".into()],
    ///     rows: vec![vec![SqlValue::Text("a".into()), SqlValue::Integer(1)]],
    /// };
    /// assert_eq!(rows.read::<(String, u8)>()?, [("a".to_owned(), 1)]);
    /// assert!(rows.read::<(u8, u8)>().is_err());
    /// # Ok::<(), guru_core::ports::Error>(())
    /// ```
    pub fn read<T: DeserializeOwned>(&self) -> Result<Vec<T>, ports::Error> {
        let rows = self.rows.iter();
        rows.map(|values| {
            let columns = &self.columns;
            T::deserialize(Row { columns, values }).map_err(|error| {
                let message = alloc::format!("a row is not what the function expects: {error}");
                ports::Error::new(ErrorKind::Corrupt, message)
            })
        })
        .collect()
    }
}

/// Why a row does not fit. It says of what type a value is, and not which: it goes to the log.
#[derive(Debug)]
struct Unfit(alloc::string::String);

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for Unfit {}

impl serde::de::Error for Unfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        let found = match found {
            Unexpected::Bool(_) => "a boolean",
            Unexpected::Unsigned(_) | Unexpected::Signed(_) => "an integer",
            Unexpected::Float(_) => "a real number",
            Unexpected::Str(_) => "a text",
            Unexpected::Bytes(_) => "bytes",
            Unexpected::Unit => "null",
            _ => "a row",
        };
        Self(alloc::format!("{found} where {wanted} was to be"))
    }

    fn invalid_value(_: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        Self(alloc::format!("a value that is not {wanted}"))
    }

    fn unknown_variant(_: &str, wanted: &'static [&'static str]) -> Self {
        Self(alloc::format!("a text that is none of {wanted:?}"))
    }
}

#[derive(Clone, Copy)]
struct Row<'a> {
    columns: &'a [alloc::string::String],
    values: &'a [SqlValue],
}

impl<'a> Row<'a> {
    /// The values, one after the other.
    fn elements<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Unfit> {
        let mut values = SeqDeserializer::new(self.values.iter().map(Cell));
        let read = visitor.visit_seq(&mut values)?;
        values.end()?;
        Ok(read)
    }

    /// The value of the only column.
    fn cell(self) -> Result<Cell<'a>, Unfit> {
        match self.values {
            [value] => Ok(Cell(value)),
            values => Err(Unfit(alloc::format!(
                "{} columns where one was to be",
                values.len()
            ))),
        }
    }
}

/// What is no row is the value of the only column.
macro_rules! of_cell {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
            self.cell()?.$method(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Row<'de> {
    type Error = Unfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        let columns = self.columns.iter().map(|name| &**name);
        let values = self.values.iter().map(Cell);
        visitor.visit_map(MapDeserializer::new(columns.zip(values)))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self.values {
            [bytes @ SqlValue::Bytes(_)] => Cell(bytes).deserialize_seq(visitor),
            _ => self.elements(visitor),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Unfit> {
        self.elements(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        self.elements(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        self.cell()?.deserialize_enum(name, variants, visitor)
    }

    of_cell! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64
        deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf deserialize_option
    }

    forward_to_deserialize_any! { unit unit_struct map struct identifier ignored_any }
}

#[derive(Clone, Copy)]
struct Cell<'a>(&'a SqlValue);

impl<'de> IntoDeserializer<'de, Unfit> for Cell<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Cell<'de> {
    type Error = Unfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self.0 {
            SqlValue::Null => visitor.visit_unit(),
            SqlValue::Integer(number) => visitor.visit_i64(*number),
            SqlValue::Real(number) => visitor.visit_f64(*number),
            SqlValue::Text(text) => visitor.visit_borrowed_str(text),
            SqlValue::Bytes(bytes) => visitor.visit_borrowed_bytes(bytes),
            SqlValue::Bool(is) => visitor.visit_bool(*is),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self.0 {
            SqlValue::Integer(0) => visitor.visit_bool(false),
            SqlValue::Integer(1) => visitor.visit_bool(true),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self.0 {
            SqlValue::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        match self.0 {
            SqlValue::Text(text) => {
                let name_of_variant: serde::de::value::StrDeserializer<'_, Unfit> =
                    (**text).into_deserializer();
                name_of_variant.deserialize_enum(name, variants, visitor)
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self.0 {
            SqlValue::Bytes(bytes) => {
                let bytes = bytes.iter().copied();
                visitor.visit_seq(SeqDeserializer::<_, Unfit>::new(bytes))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self.0 {
            SqlValue::Bytes(bytes) => {
                BytesDeserializer::<Unfit>::new(bytes).deserialize_byte_buf(visitor)
            }
            _ => self.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes unit unit_struct tuple tuple_struct map struct
        identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use alloc::vec;
    use serde::Deserialize;

    fn rows(columns: &[&str], values: Vec<SqlValue>) -> Rows {
        Rows {
            columns: columns.iter().map(|&name| name.into()).collect(),
            rows: vec![values],
        }
    }

    #[test]
    fn a_row_is_read_as_what_its_columns_are() {
        #[derive(Debug, PartialEq, Deserialize)]
        #[serde(rename_all = "lowercase")]
        enum Kind {
            Draft,
            Done,
        }
        #[derive(Debug, PartialEq, Deserialize)]
        struct Page {
            name: String,
            size: u16,
            share: f64,
            is_new: bool,
            kind: Kind,
            note: Option<String>,
            raw: Vec<u8>,
        }
        let columns = ["name", "size", "share", "is_new", "kind", "note", "raw"];
        let page = rows(
            &columns,
            vec![
                "a".into(),
                7.into(),
                // D1 has no other for a real without a fraction.
                2.into(),
                1.into(),
                "draft".into(),
                SqlValue::Null,
                vec![1_u8, 2].into(),
            ],
        );
        let wanted = Page {
            name: "a".into(),
            size: 7,
            share: 2.0,
            is_new: true,
            kind: Kind::Draft,
            note: None,
            raw: vec![1, 2],
        };
        assert_eq!(page.read::<Page>().unwrap(), [wanted]);
        let one = rows(&["count(*)"], vec![i64::MAX.into()]);
        assert_eq!(one.read::<i64>().unwrap(), [i64::MAX]);
        assert_eq!(one.read::<Option<i64>>().unwrap(), [Some(i64::MAX)]);
        assert_eq!(one.read::<(i64,)>().unwrap(), [(i64::MAX,)]);
        let raw = rows(&["a"], vec![vec![1_u8, 2].into()]);
        assert_eq!(raw.read::<Vec<u8>>().unwrap(), [[1, 2]]);
        assert_eq!(raw.read::<(Vec<u8>,)>().unwrap(), [(vec![1, 2],)]);
        let none = rows(&["a"], vec![SqlValue::Null]);
        assert_eq!(none.read::<Option<String>>().unwrap(), [None]);
    }

    #[test]
    fn what_does_not_fit_is_said_without_the_value() {
        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "it is never read")]
        struct One {
            name: u8,
        }
        let secret = |value: SqlValue| rows(&["name"], vec![value]).read::<One>().unwrap_err();
        for (error, why) in [
            (secret("hunter2".into()), "a text where u8 was to be"),
            (secret(256.into()), "a value that is not u8"),
            (secret(SqlValue::Null), "null where u8"),
            (
                rows(&["other"], vec![1.into()]).read::<One>().unwrap_err(),
                "missing field `name`",
            ),
            (
                rows(&["a", "b"], vec![1.into(), 2.into()])
                    .read::<u8>()
                    .unwrap_err(),
                "2 columns where one was to be",
            ),
        ] {
            assert_eq!(error.kind(), ErrorKind::Corrupt);
            let error = alloc::format!("{error}");
            assert!(error.contains(why), "{error}");
            assert!(
                !error.contains("hunter2") && !error.contains("256"),
                "{error}"
            );
        }
    }
}
