//! Relational databases, as a handler uses them. What is the same on every target is here: what a statement may be, and rows as
//! types. It must not know who keeps the tables.

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use serde::de::DeserializeOwned;

use super::Context;
use crate::ports::{self, Dialect, Error, Rows, SqlValue, Statement, check_batch};
#[cfg(doc)]
use crate::ports::{Postgres, Sqlite};

/// A relational database that the function declares, with the dialect that it is asked in.
///
/// - A statement is one text with parameters, which [`params!`](crate::params) gives: `?1` to `?100` to [`Sqlite`], `$1` to `$100`
///   to [`Postgres`]. It has up to 100 KB, a parameter up to 2 MB, and 16 MiB all that comes back.
/// - A call is a transaction: of [`batch`](Self::batch) all statements are done, or none is. There is none across calls.
/// - Integers are exact, or the call fails. A real number without a fraction may come back as an integer.
///
/// An error converts with `?`: into a 409 for what a constraint refuses, a 413 for what is too large, and otherwise as
/// [`ports::ErrorKind`] says: a statement that the database refuses is a 500.
///
/// ```no_run
/// use guru_core::{Context, Request, Response, Result, Sql, params};
/// # fn db(cx: &Context) -> Sql<guru_core::ports::Sqlite> { Sql::new(cx, "db", |_| unreachable!()) }
///
/// #[derive(serde::Deserialize, serde::Serialize)]
/// struct Page { name: String, visits: i64 }
///
/// async fn most_visited(cx: Context, req: Request) -> Result<Response> {
///     let most: i64 = req.param("most")?;
///     let text = "SELECT name, visits FROM pages ORDER BY visits DESC LIMIT ?1";
///     let pages: Vec<Page> = db(&cx).query_as(text, params![most]).await?;
///     Response::json(&pages)
/// }
/// ```
pub struct Sql<D> {
    port: Rc<dyn ports::Sql>,
    dialect: PhantomData<D>,
}

impl<D: Dialect> Sql<D> {
    /// The database of this name, which `open` opens where it was not yet.
    #[doc(hidden)]
    pub fn new(
        cx: &Context,
        name: &'static str,
        open: impl FnOnce(&'static str) -> Rc<dyn ports::Sql>,
    ) -> Self {
        Self {
            port: cx.ports().sql_or(name, open),
            dialect: PhantomData,
        }
    }

    /// Runs a statement. Its rows.
    ///
    /// # Errors
    ///
    /// As [`Statement::check`] and [`ports::Sql`].
    pub async fn query(
        &self,
        text: &str,
        parameters: impl Into<Vec<SqlValue>>,
    ) -> Result<Rows, Error> {
        let statement = Statement::new(text).with_parameters(parameters.into());
        statement.check::<D>()?;
        self.port.run(statement).await
    }

    /// Runs a statement. Its rows as such things: a struct with a field for each column, a tuple with an element for each, or,
    /// where there is one column, what that has.
    ///
    /// # Errors
    ///
    /// [`Corrupt`](ports::ErrorKind::Corrupt) for a row that is no such thing; else as [`query`](Self::query).
    pub async fn query_as<T: DeserializeOwned>(
        &self,
        text: &str,
        parameters: impl Into<Vec<SqlValue>>,
    ) -> Result<Vec<T>, Error> {
        self.query(text, parameters).await?.read()
    }

    /// The first row of a statement as such a thing, if there is one.
    ///
    /// # Errors
    ///
    /// As [`query_as`](Self::query_as).
    pub async fn first_as<T: DeserializeOwned>(
        &self,
        text: &str,
        parameters: impl Into<Vec<SqlValue>>,
    ) -> Result<Option<T>, Error> {
        let mut rows = self.query(text, parameters).await?;
        rows.rows.truncate(1);
        Ok(rows.read()?.pop())
    }

    /// Runs statements as one transaction: what one of them wrote, the next one sees, and if one fails, nothing was done. The rows
    /// of each. Without any, nothing is done.
    ///
    /// # Errors
    ///
    /// As [`query`](Self::query).
    pub async fn batch(
        &self,
        statements: impl IntoIterator<Item = Statement>,
    ) -> Result<Vec<Rows>, Error> {
        let statements: Vec<_> = statements.into_iter().collect();
        check_batch::<D>(&statements)?;
        if statements.is_empty() {
            return Ok(Vec::new());
        }
        self.port.batch(statements).await
    }
}

impl<D> Clone for Sql<D> {
    fn clone(&self) -> Self {
        Self {
            port: Rc::clone(&self.port),
            dialect: PhantomData,
        }
    }
}

impl<D> fmt::Debug for Sql<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sql").finish_non_exhaustive()
    }
}

/// The parameters of a statement: `params![name, 5, None::<i64>]`.
///
/// ```
/// use guru_core::{params, ports::SqlValue};
///
/// assert_eq!(params!["a", 5, None::<i64>], [SqlValue::Text("a".into()), SqlValue::Integer(5), SqlValue::Null]);
/// ```
#[macro_export]
macro_rules! params {
    () => {
        $crate::ports::no_parameters()
    };
    ($($value:expr),+ $(,)?) => {
        [$($crate::ports::SqlValue::from($value)),+]
    };
}
