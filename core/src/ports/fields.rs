//! `fields!`: the fields of a log record.

use core::error::Error;
use core::ops::Deref;

use super::{ToValue, Value};

/// The fields of a log record, by their names.
///
/// | a field | its value |
/// | --- | --- |
/// | `name`, `name: expression` | what has one ([`ToValue`]): texts, numbers, booleans, [`Error`](crate::Error), a status, a method; any `core::error::Error`, with its sources after it, joined by `: `; `Option` of them, of which `None` is JSON's `null` |
/// | `%name`, `name: %expression` | as text, by `Display` |
/// | `?name`, `name: ?expression` | as text, by `Debug` |
///
/// A name that is no word of Rust is a literal: `"http.status": 404`. Expressions are borrowed, and their texts are written into the
/// line as it is made, without a copy before.
///
/// ```
/// use core::time::Duration;
/// use guru_core::ports::{Level, LogLine, Record};
/// use guru_core::fields;
///
/// let name = String::from("Ada");
/// let id = 7_u8;
/// let duration = Duration::from_millis(5);
/// let nickname: Option<&str> = None;
/// let error = "no".parse::<u8>().unwrap_err();
/// let fields = fields! { name, %id, took: ?duration, letters: 3, nickname, error, "user.admin": false };
///
/// let record = Record::new(Level::Info, &"greeted", fields);
/// let line = LogLine { time: None, record: &record };
/// assert_eq!(
///     line.to_json(),
///     r#"{"level":"info","message":"greeted","name":"Ada","id":"7","took":"5ms","letters":3,"nickname":null,"error":"invalid digit found in string","user.admin":false}"#,
/// );
/// ```
///
/// What has no value says so:
///
/// ```compile_fail,E0277
/// guru_core::fields! { took: core::time::Duration::ZERO };
/// ```
///
/// The fields live as long as what they borrow: where an expression makes something new, they are used in the same statement, as the
/// argument of [`info`](crate::ports::Logger::info).
#[macro_export]
macro_rules! fields {
    (@next [$($done:expr,)*]) => {
        &[$($done),*]
    };
    (@next $done:tt ? $name:ident $(, $($rest:tt)*)?) => {
        $crate::fields!(@next $done $name: ?$name $(, $($rest)*)?)
    };
    (@next $done:tt % $name:ident $(, $($rest:tt)*)?) => {
        $crate::fields!(@next $done $name: %$name $(, $($rest)*)?)
    };
    (@next $done:tt $name:ident $(, $($rest:tt)*)?) => {
        $crate::fields!(@next $done $name: $name $(, $($rest)*)?)
    };
    (@next [$($done:expr,)*] $name:tt: ? $value:expr $(, $($rest:tt)*)?) => {
        $crate::fields!(@next [
            $($done,)* ($crate::fields!(@name $name), $crate::ports::Value::Debug(&$value)),
        ] $($($rest)*)?)
    };
    (@next [$($done:expr,)*] $name:tt: % $value:expr $(, $($rest:tt)*)?) => {
        $crate::fields!(@next [
            $($done,)* ($crate::fields!(@name $name), $crate::ports::Value::Display(&$value)),
        ] $($($rest)*)?)
    };
    (@next [$($done:expr,)*] $name:tt: $value:expr $(, $($rest:tt)*)?) => {
        $crate::fields!(@next [
            $($done,)* ($crate::fields!(@name $name), $crate::ports::field(&$value).value()),
        ] $($($rest)*)?)
    };
    (@next $($wrong:tt)*) => {
        ::core::compile_error!(
            "a field is `name`, `name: value`, `name: ?value` or `name: %value`, and a name is a word or a string"
        )
    };
    (@name $name:ident) => {
        ::core::stringify!($name)
    };
    (@name $name:literal) => {
        $name
    };
    ($($fields:tt)*) => {
        $crate::fields!(@next [] $($fields)*)
    };
}

/// What `fields!` makes a value of. An error is no [`ToValue`], as the compiler must know that no text or number will ever be an error;
/// so there are several structs, each of which leads to the next one where its own method does not apply.
#[doc(hidden)]
pub const fn field<T: ?Sized>(value: &T) -> Plain<'_, T> {
    Plain(Failure(Perhaps(Unknown(value))))
}

macro_rules! steps {
    ($($step:ident => $next:ident)*) => {$(
        #[doc(hidden)]
        #[derive(Debug)]
        pub struct $step<'a, T: ?Sized>($next<'a, T>);

        impl<'a, T: ?Sized> Deref for $step<'a, T> {
            type Target = $next<'a, T>;

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }
    )*};
}

steps! { Plain => Failure Failure => Perhaps Perhaps => Unknown }

#[doc(hidden)]
#[derive(Debug)]
pub struct Unknown<'a, T: ?Sized>(&'a T);

impl<'a, T: ToValue + ?Sized> Plain<'a, T> {
    #[doc(hidden)]
    #[must_use]
    pub fn value(&self) -> Value<'a> {
        self.0.0.0.0.to_value()
    }
}

impl<'a, T: Error> Failure<'a, T> {
    #[doc(hidden)]
    #[must_use]
    pub fn value(&self) -> Value<'a> {
        Value::Error(self.0.0.0)
    }
}

impl<'a, T: Error> Perhaps<'a, Option<T>> {
    #[doc(hidden)]
    #[must_use]
    pub fn value(&self) -> Value<'a> {
        let error = self.0.0.as_ref();
        error.map_or(Value::Null, |error| Value::Error(error))
    }
}

impl<'a, T: ?Sized> Unknown<'a, T> {
    /// Only for the compiler to say what is missing.
    #[doc(hidden)]
    #[must_use]
    pub fn value(&self) -> Value<'a>
    where
        T: ToValue,
    {
        self.0.to_value()
    }
}
