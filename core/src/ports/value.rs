//! The values of a log record's fields.

use alloc::borrow::{Cow, ToOwned};
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::sync::Arc;
use core::error::Error;
use core::fmt;

use crate::http::{Method, Status};

/// The name and the value of a field.
pub type Field<'a> = (&'a str, Value<'a>);

/// The value of a field. What has one ([`ToValue`]) converts with `into()`, and [`fields!`](crate::fields) does it for many.
///
/// ```
/// use guru_core::ports::Value;
///
/// assert_eq!(Value::from("text").to_string(), "text");
/// assert_eq!(Value::from(None::<u8>).to_string(), "null");
/// assert_eq!(Value::Debug(&"text").to_string(), "\"text\"");
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Value<'a> {
    /// None: JSON's `null`.
    Null,
    /// A string.
    Text(&'a str),
    /// A signed integer.
    Integer(i64),
    /// An unsigned integer.
    Unsigned(u64),
    /// A floating-point number.
    Float(Float),
    /// A boolean.
    Boolean(bool),
    /// A text that is made as it is written.
    Display(&'a dyn fmt::Display),
    /// A text for programmers, that is made as it is written.
    Debug(&'a dyn fmt::Debug),
    /// An error, and its sources after it, joined by `: `.
    Error(&'a dyn Error),
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Text(text) => f.write_str(text),
            Self::Integer(number) => number.fmt(f),
            Self::Unsigned(number) => number.fmt(f),
            Self::Float(number) => number.fmt(f),
            Self::Boolean(truth) => truth.fmt(f),
            Self::Display(value) => value.fmt(f),
            Self::Debug(value) => value.fmt(f),
            Self::Error(error) => {
                fmt::Display::fmt(error, f)?;
                causes(error.source(), f)
            }
        }
    }
}

/// As it is written, but for quotes around a text.
impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => fmt::Debug::fmt(text, f),
            other => fmt::Display::fmt(other, f),
        }
    }
}

/// Writes what comes after the message of an error: its source, and the sources of that.
pub(crate) fn causes(
    mut cause: Option<&(dyn Error + 'static)>,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    while let Some(error) = cause {
        write!(f, ": {error}")?;
        cause = error.source();
    }
    Ok(())
}

/// A floating-point number.
///
/// It carries its own formatting function: that takes 20 KB of a module, and only functions that log such a number
/// should pay for it.
#[derive(Clone, Copy)]
pub struct Float {
    number: f64,
    write: fn(&f64, &mut fmt::Formatter<'_>) -> fmt::Result,
}

impl Float {
    /// The number.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.number
    }
}

impl From<f64> for Float {
    fn from(number: f64) -> Self {
        Self {
            number,
            // The format of JSON and Rust: `1.0`, `1e300`.
            write: fmt::Debug::fmt,
        }
    }
}

impl From<f32> for Float {
    fn from(number: f32) -> Self {
        f64::from(number).into()
    }
}

impl PartialEq for Float {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl fmt::Display for Float {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.write)(&self.number, f)
    }
}

impl fmt::Debug for Float {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What can be the value of a log record's field as it is.
///
/// An integer of 128 bits is a text: most that reads JSON would round it.
///
/// ```
/// use guru_core::fields;
/// use guru_core::ports::{ToValue, Value};
///
/// struct UserId(u64);
///
/// impl ToValue for UserId {
///     fn to_value(&self) -> Value<'_> {
///         self.0.to_value()
///     }
/// }
///
/// let user = UserId(7);
/// assert_eq!(fields! { user }[0].1.to_string(), "7");
/// ```
#[diagnostic::on_unimplemented(
    message = "a field of the log has no value for `{Self}`",
    note = "`name: %value` has it written by its `Display`, `name: ?value` by its `Debug`"
)]
pub trait ToValue {
    /// The value.
    fn to_value(&self) -> Value<'_>;
}

/// A value that has one is one, and so is a reference to it.
impl<'a, T: ToValue + ?Sized> From<&'a T> for Value<'a> {
    fn from(value: &'a T) -> Self {
        value.to_value()
    }
}

impl<'a, T: Into<Self>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

macro_rules! numbers {
    ($($from:ty => $variant:ident $as:ty;)*) => {$(
        impl From<$from> for Value<'_> {
            fn from(value: $from) -> Self {
                Self::$variant(<$as>::from(value))
            }
        }

        impl ToValue for $from {
            fn to_value(&self) -> Value<'_> {
                (*self).into()
            }
        }
    )*};
}

numbers! {
    i8 => Integer i64;
    i16 => Integer i64;
    i32 => Integer i64;
    i64 => Integer i64;
    u8 => Unsigned u64;
    u16 => Unsigned u64;
    u32 => Unsigned u64;
    u64 => Unsigned u64;
    f32 => Float Float;
    f64 => Float Float;
    bool => Boolean bool;
}

impl From<usize> for Value<'_> {
    fn from(number: usize) -> Self {
        Self::Unsigned(number as u64)
    }
}

impl From<isize> for Value<'_> {
    fn from(number: isize) -> Self {
        Self::Integer(number as i64)
    }
}

/// Those of which a value holds a reference or a copy.
macro_rules! values {
    ($($type:ty: |$value:ident| $to:expr;)*) => {$(
        impl ToValue for $type {
            fn to_value(&self) -> Value<'_> {
                let $value = self;
                $to
            }
        }
    )*};
}

values! {
    usize: |number| (*number).into();
    isize: |number| (*number).into();
    u128: |number| Value::Display(number);
    i128: |number| Value::Display(number);
    char: |letter| Value::Display(letter);
    str: |text| Value::Text(text);
    String: |text| Value::Text(text);
    Status: |status| status.as_u16().into();
    Method: |method| Value::Text(method.as_str());
    Value<'_>: |value| *value;
    dyn Error + '_: |error| Value::Error(error);
    dyn Error + Send + '_: |error| Value::Error(error);
    dyn Error + Send + Sync + '_: |error| Value::Error(error);
    fmt::Arguments<'_>: |text| Value::Display(text);
}

/// Those that have the value of what they hold.
macro_rules! holders {
    ($($type:ty),*) => {$(
        impl<T: ToValue + ?Sized> ToValue for $type {
            fn to_value(&self) -> Value<'_> {
                (**self).to_value()
            }
        }
    )*};
}

holders!(&T, &mut T, Box<T>, Rc<T>, Arc<T>);

impl<T: ToValue + ToOwned + ?Sized> ToValue for Cow<'_, T> {
    fn to_value(&self) -> Value<'_> {
        (**self).to_value()
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, T::to_value)
    }
}
