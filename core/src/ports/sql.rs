//! The port of a relational database.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use bytes::Bytes;

use super::{Called, Error, ErrorKind};

/// The most parameters of a statement: those of Cloudflare's D1
/// (<https://developers.cloudflare.com/d1/platform/limits/>).
pub const PARAMETER_LIMIT: usize = 100;

/// The most bytes of a statement: 100 KB, from the same page.
pub const STATEMENT_LIMIT: usize = 100_000;

/// The most bytes of a text or of bytes, as a parameter or in a row: 2 MB, from the same page.
pub const CELL_LIMIT: usize = 2_000_000;

/// A relational database, in the dialect that the function declares.
///
/// A handler uses it through [`app::Sql`](crate::app::Sql), which holds statements to what all databases take.
///
/// # For implementers
///
/// - All of the statements of a call are done, in their order, or none is. What one of them wrote, the next one sees.
/// - A parameter is bound as the type that it has, and never becomes part of the text. Where a database has no type for it, a
///   boolean is 1 or 0, and what is no number is null.
/// - Rows come back with the types that the database has for them; each integer is exact, or the call fails with
///   [`Corrupt`](ErrorKind::Corrupt). That a number without a fraction is an integer or a real, may be the database's choice.
/// - The names of columns are there without rows, too, and stay if two are alike; in a call of several statements a database may
///   tell neither ([`Rows::columns`]).
/// - What a text does to the database in any other way than by its one statement (transactions, other files, settings) is refused
///   before it gets here.
/// - Fail as below, with what the database says, for the log. It names tables and columns, and may quote what a statement was about.
///
/// # For users
///
/// - Whether a call has been done that failed with [`Timeout`](ErrorKind::Timeout) or [`Broken`](ErrorKind::Broken) is not known.
///
/// # Errors
///
/// [`Invalid`](ErrorKind::Invalid) for what the database refuses, such as a syntax error or a table that is not there;
/// [`Conflict`](ErrorKind::Conflict) for what its constraints refuse, such as a second row of a unique key;
/// [`TooLarge`](ErrorKind::TooLarge) for more than fits; [`Corrupt`](ErrorKind::Corrupt) for what cannot be given exactly;
/// [`Unavailable`](ErrorKind::Unavailable) where there is no such database, or it refuses work for now;
/// [`Denied`](ErrorKind::Denied) where the deployment may not use it; [`Timeout`](ErrorKind::Timeout),
/// [`Broken`](ErrorKind::Broken) and [`Other`](ErrorKind::Other) as they say.
pub trait Sql {
    /// Runs statements as one transaction. The rows of each.
    fn batch(&self, statements: Vec<Statement>) -> Called<Vec<Rows>>;

    /// Runs one statement. Its rows.
    fn run(&self, statement: Statement) -> Called<Rows> {
        let done = self.batch(Vec::from([statement]));
        Box::pin(async move { done.await?.pop().ok_or_else(nothing) })
    }
}

fn nothing() -> Error {
    Error::new(
        ErrorKind::Corrupt,
        "the database has answered nothing to a statement",
    )
}

/// A statement of SQL, with its parameters.
///
/// ```
/// use guru_core::ports::{Sqlite, Statement};
///
/// let add = Statement::new("INSERT INTO visits (page, at) VALUES (?1, ?2)").bind("/docs").bind(1_700_000_000_i64);
/// assert!(add.check::<Sqlite>().is_ok());
/// assert!(Statement::new("SELECT ?1").check::<Sqlite>().is_err());
/// ```
#[derive(Clone, PartialEq)]
pub struct Statement {
    /// Its text. Parameters stand in it as its dialect has them: [`Sqlite`](super::Sqlite), [`Postgres`](super::Postgres).
    pub text: String,
    /// Its parameters, the first of which is `?1` or `$1`.
    pub parameters: Vec<SqlValue>,
}

impl Statement {
    /// A statement without parameters.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            parameters: Vec::new(),
        }
    }

    /// Adds a parameter.
    #[must_use]
    pub fn bind(mut self, parameter: impl Into<SqlValue>) -> Self {
        self.parameters.push(parameter.into());
        self
    }

    /// Sets all parameters.
    #[must_use]
    pub fn with_parameters(mut self, parameters: Vec<SqlValue>) -> Self {
        self.parameters = parameters;
        self
    }
}

/// Without the parameters, which may be secret.
impl fmt::Debug for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Statement")
            .field("text", &self.text)
            .field("parameters", &self.parameters.len())
            .finish()
    }
}

/// A value of a database.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SqlValue {
    /// No value.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number of floating point.
    Real(f64),
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Bytes),
    /// A boolean, which some databases have as 1 or 0.
    Bool(bool),
}

macro_rules! from {
    ($($type:ty => $variant:ident $(by $convert:path)?;)*) => {$(
        impl From<$type> for SqlValue {
            fn from(value: $type) -> Self {
                Self::$variant($($convert)?(value))
            }
        }
    )*};
}

from! {
    i64 => Integer by core::convert::identity;
    i32 => Integer by i64::from;
    i16 => Integer by i64::from;
    i8 => Integer by i64::from;
    u32 => Integer by i64::from;
    u16 => Integer by i64::from;
    u8 => Integer by i64::from;
    f64 => Real by core::convert::identity;
    f32 => Real by f64::from;
    bool => Bool by core::convert::identity;
    String => Text by core::convert::identity;
    &str => Text by String::from;
    &String => Text by String::clone;
    Bytes => Bytes by core::convert::identity;
    Vec<u8> => Bytes by Bytes::from;
    &[u8] => Bytes by Bytes::copy_from_slice;
}

impl<T: Into<Self>> From<Option<T>> for SqlValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// What `params![]` is.
#[doc(hidden)]
#[must_use]
pub const fn no_parameters() -> Vec<SqlValue> {
    Vec::new()
}

/// What a statement came back with; nothing for one that only writes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// The names of the columns, which may be alike. In a call of several statements, D1 has none without rows, and one for those
    /// that are alike (<https://developers.cloudflare.com/d1/worker-api/d1-database/#batch>).
    pub columns: Vec<String>,
    /// The rows, each as many values as there are columns.
    pub rows: Vec<Vec<SqlValue>>,
}

/// What is wrong with a statement.
pub(super) fn invalid(why: &str) -> Error {
    Error::new(ErrorKind::Invalid, format!("a statement of SQL: {why}"))
}
