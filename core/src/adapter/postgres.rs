//! What a PostgreSQL server says, whoever asked it.

use alloc::format;

use crate::ports::{Error, ErrorKind};

/// The kind of error that a server's code stands for (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
#[must_use]
pub fn kind_of(code: &str) -> ErrorKind {
    match code {
        // The connection or the server has ended under the statement.
        "57P01" | "57P02" => ErrorKind::Broken,
        // `query_canceled`, `transaction_timeout`: what took too long.
        "57014" | "25P04" => ErrorKind::Timeout,
        // `idle_in_transaction_session_timeout`, `lock_not_available`, `object_in_use`: nothing was done.
        "25P03" | "55P03" | "55006" => ErrorKind::Unavailable,
        // `insufficient_privilege`, `read_only_sql_transaction`.
        "42501" | "25006" => ErrorKind::Denied,
        // `with_check_option_violation`; what a trigger raises is a constraint of its author's.
        "44000" | "P0001" => ErrorKind::Conflict,
        // A message that does not fit the statement, as one parameter more than it has.
        "08P01" => ErrorKind::Invalid,
        _ => match code.get(..2) {
            Some("08") => ErrorKind::Broken,
            Some("23") => ErrorKind::Conflict,
            Some("28") => ErrorKind::Denied,
            // A deadlock or a serialization failure, a database that there is not, and a server that has no room or no time: nothing
            // was done.
            Some("3D" | "40" | "53" | "57") => ErrorKind::Unavailable,
            Some("54") => ErrorKind::TooLarge,
            Some("58" | "F0" | "XX") => ErrorKind::Other,
            // What is left is what a server says of a statement.
            _ => ErrorKind::Invalid,
        },
    }
}

/// Types by their numbers, which every server has (`src/include/catalog/pg_type.dat`).
pub mod types {
    #![expect(missing_docs, reason = "their names are those of the server")]

    pub const BOOL: u32 = 16;
    pub const BYTEA: u32 = 17;
    pub const INT8: u32 = 20;
    pub const INT2: u32 = 21;
    pub const INT4: u32 = 23;
    pub const TEXT: u32 = 25;
    pub const FLOAT4: u32 = 700;
    pub const FLOAT8: u32 = 701;
    pub const BPCHAR: u32 = 1042;
    pub const VARCHAR: u32 = 1043;
    pub const UUID: u32 = 2950;
}

/// The types whose values every target gives as they are.
pub const GIVEN: [u32; 11] = [
    types::BOOL,
    types::BYTEA,
    types::INT8,
    types::INT2,
    types::INT4,
    types::TEXT,
    types::FLOAT4,
    types::FLOAT8,
    types::BPCHAR,
    types::VARCHAR,
    types::UUID,
];

/// Whether values of a type are given.
#[must_use]
pub fn is_given(kind: u32) -> bool {
    GIVEN.contains(&kind)
}

/// Why a row cannot be given that has a column of such a type.
#[must_use]
pub fn not_given(column: &str, kind: &str) -> Error {
    let message = format!(
        "the column `{column}` is of the type {kind}, which is not the same on every target: select it as text, `...::text`, or as \
         a type of ports (boolean, smallint, integer, bigint, real, double precision, text, varchar, char, bytea, uuid)"
    );
    Error::new(ErrorKind::Invalid, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_kinds() {
        for (code, wanted) in [
            ("23505", ErrorKind::Conflict),
            ("P0001", ErrorKind::Conflict),
            ("44000", ErrorKind::Conflict),
            ("55000", ErrorKind::Invalid),
            ("55P03", ErrorKind::Unavailable),
            ("25P04", ErrorKind::Timeout),
            ("42P01", ErrorKind::Invalid),
            ("22012", ErrorKind::Invalid),
            ("42501", ErrorKind::Denied),
            ("28P01", ErrorKind::Denied),
            ("3D000", ErrorKind::Unavailable),
            ("40P01", ErrorKind::Unavailable),
            ("53300", ErrorKind::Unavailable),
            ("57P03", ErrorKind::Unavailable),
            ("57P01", ErrorKind::Broken),
            ("57014", ErrorKind::Timeout),
            ("54000", ErrorKind::TooLarge),
            ("XX000", ErrorKind::Other),
            ("", ErrorKind::Invalid),
        ] {
            assert_eq!(kind_of(code), wanted, "{code}");
        }
    }
}
