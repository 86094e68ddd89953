//! Why a query does not match the requested type.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString as _};
use core::fmt;

use serde::de::{Expected, Unexpected};

/// Why a query does not match the requested type.
#[derive(Debug)]
pub(in super::super) struct Error {
    /// The field, if known.
    pub(in super::super) field: Option<String>,
    pub(super) message: String,
    pub(super) found: Option<FieldKind>,
    /// What was expected.
    pub(super) wanted: String,
    /// Whether the value has the right type, so that no other shape can help.
    pub(super) is_final: bool,
    /// Whether a field is missing, or one that is not known there.
    pub(in super::super) is_of_shape: bool,
}

/// A value of the wrong type.
#[derive(Debug)]
pub(super) enum FieldKind {
    Text(Box<str>),
    /// The number, as a string again.
    Number(Box<str>),
    List,
}

impl FieldKind {
    fn new(unexpected: Unexpected<'_>) -> Option<Self> {
        let number = |number: String| Some(Self::Number(number.into()));
        match unexpected {
            Unexpected::Str(text) => Some(Self::Text(text.into())),
            Unexpected::Unsigned(found) => number(found.to_string()),
            Unexpected::Signed(found) => number(found.to_string()),
            Unexpected::Bool(found) => number(found.to_string()),
            Unexpected::Float(found) => number(found.to_string()),
            Unexpected::Seq => Some(Self::List),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl core::error::Error for Error {}

impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self {
            field: None,
            message: message.to_string(),
            found: None,
            wanted: String::new(),
            is_final: false,
            is_of_shape: false,
        }
    }

    fn missing_field(field: &'static str) -> Self {
        Self {
            is_of_shape: true,
            ..Self::custom(format_args!("missing field `{field}`"))
        }
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self {
            is_of_shape: true,
            ..Self::custom(format_args!("invalid length {length}, expected {expected}"))
        }
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self {
            found: FieldKind::new(unexpected),
            is_final: true,
            ..Self::custom(format!("invalid value: {unexpected}, expected {expected}"))
        }
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self {
            found: FieldKind::new(unexpected),
            wanted: expected.to_string(),
            ..Self::custom(format!("invalid type: {unexpected}, expected {expected}"))
        }
    }
}
