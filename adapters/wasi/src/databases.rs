//! Databases, by the interfaces of `guru:ports`, of which each dialect has one. A function that has none does not import it.

/// The databases of a dialect, whose interfaces are alike: what a boolean is there, and in brackets the variant for it, which not
/// all have.
macro_rules! databases {
    ($dialect:ident, $is:ident => $written:expr, [$($boolean:ident)?]) => {
        pub(crate) mod $dialect {
            use std::rc::Rc;

            use guru_core::ports::{self, Called, Rows, SqlValue, Statement};
            use guru_wit::$dialect::{self as interface, Value};

            use crate::failure::failure;

            /// The database of this name.
            #[must_use]
            pub fn $dialect(name: &'static str) -> Rc<dyn ports::Sql> {
                Rc::new(Database(name))
            }

            struct Database(&'static str);

            impl ports::Sql for Database {
                fn batch(&self, statements: Vec<Statement>) -> Called<Vec<Rows>> {
                    let statements = statements.into_iter().map(|statement| interface::Statement {
                        text: statement.text,
                        parameters: statement.parameters.into_iter().map(value).collect(),
                    });
                    let done = interface::batch(self.0.to_owned(), statements.collect());
                    Box::pin(async move {
                        match done.await {
                            Ok(all) => Ok(all.into_iter().map(rows).collect()),
                            Err(error) => Err(failure!(error, interface[])),
                        }
                    })
                }
            }

            fn value(value: SqlValue) -> Value {
                match value {
                    SqlValue::Integer(number) => Value::Integer(number),
                    SqlValue::Real(number) => Value::Real(number),
                    SqlValue::Text(text) => Value::Text(text),
                    SqlValue::Bytes(bytes) => Value::Bytes(bytes.into()),
                    SqlValue::Bool($is) => $written,
                    _ => Value::Null,
                }
            }

            fn rows(rows: interface::Rows) -> Rows {
                let read = |value| match value {
                    Value::Null => SqlValue::Null,
                    Value::Integer(number) => SqlValue::Integer(number),
                    Value::Real(number) => SqlValue::Real(number),
                    Value::Text(text) => SqlValue::Text(text),
                    Value::Bytes(bytes) => SqlValue::Bytes(bytes.into()),
                    $(Value::$boolean(is) => SqlValue::Bool(is),)?
                };
                let all = rows.rows.into_iter();
                Rows {
                    columns: rows.columns,
                    rows: all.map(|row| row.into_iter().map(read).collect()).collect(),
                }
            }
        }
    };
}

#[cfg(feature = "postgres")]
databases!(postgres, is => Value::Boolean(is), [Boolean]);
#[cfg(feature = "sql")]
databases!(sqlite, is => Value::Integer(is.into()), []);
