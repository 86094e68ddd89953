//! How a key-value store is kept in a table of SQLite, whoever runs the statements.
//!
//! Of the parameters, `?1` is the name of the store and `?2` a key, both text, unless a statement says otherwise; times are
//! milliseconds since 1970, and all of a statement happens or nothing.

/// Creates the table where it is not there. Two statements, without parameters.
pub const CREATE: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS guru_key_value (store TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, \
     version TEXT NOT NULL, expires INTEGER, PRIMARY KEY (store, key))",
    "CREATE INDEX IF NOT EXISTS guru_key_value_expires ON guru_key_value (expires) WHERE expires IS NOT NULL",
];

/// The value and the version of a key, unless it has expired by `?3`.
pub const READ: &str = "SELECT value, version FROM guru_key_value \
     WHERE store = ?1 AND key = ?2 AND (expires IS NULL OR expires > ?3)";

/// A row, where a key has a value that has not expired by `?3`.
pub const EXISTS: &str = "SELECT 1 FROM guru_key_value \
     WHERE store = ?1 AND key = ?2 AND (expires IS NULL OR expires > ?3)";

/// The keys from `?2` on but for `?3`, in the order of their bytes, that have not expired by `?4`: `?5` of them at most.
pub const LIST: &str = "SELECT key FROM guru_key_value \
     WHERE store = ?1 AND key >= ?2 AND key <> ?3 AND (expires IS NULL OR expires > ?4) \
     ORDER BY key LIMIT CAST(?5 AS INTEGER)";

/// Sets the value `?3`, which expires at `?4`, or never where that is null. The row is its new version.
pub const SET: &str = "INSERT INTO guru_key_value (store, key, value, version, expires) \
     VALUES (?1, ?2, ?3, lower(hex(randomblob(8))), ?4) \
     ON CONFLICT (store, key) DO UPDATE \
     SET value = excluded.value, version = excluded.version, expires = excluded.expires \
     RETURNING version";

/// The same where there is no value, or it has expired by `?5`; else there is no row.
pub const SET_IF_ABSENT: &str = "INSERT INTO guru_key_value AS old (store, key, value, version, expires) \
     VALUES (?1, ?2, ?3, lower(hex(randomblob(8))), ?4) \
     ON CONFLICT (store, key) DO UPDATE \
     SET value = excluded.value, version = excluded.version, expires = excluded.expires \
     WHERE old.expires <= ?5 \
     RETURNING version";

/// The same where the value has the version `?6`, and has not expired by `?5`.
pub const SET_IF_VERSION: &str = "UPDATE guru_key_value \
     SET value = ?3, version = lower(hex(randomblob(8))), expires = ?4 \
     WHERE store = ?1 AND key = ?2 AND version = ?6 AND (expires IS NULL OR expires > ?5) \
     RETURNING version";

/// Adds the number in the text `?3` to a value, by the time `?4`. The row is the sum's text; there is none for a value that is
/// no number, or a sum beyond the ends of an `i64`, which SQLite has as a float.
pub const ADD: &str = "INSERT INTO guru_key_value AS old (store, key, value, version, expires) \
     VALUES (?1, ?2, CAST(CAST(?3 AS INTEGER) AS BLOB), lower(hex(randomblob(8))), NULL) \
     ON CONFLICT (store, key) DO UPDATE SET \
     value = CASE WHEN old.expires <= ?4 THEN excluded.value \
     ELSE CAST(CAST(CAST(old.value AS TEXT) AS INTEGER) + CAST(?3 AS INTEGER) AS BLOB) END, \
     expires = CASE WHEN old.expires <= ?4 THEN NULL ELSE old.expires END, \
     version = excluded.version \
     WHERE old.expires <= ?4 OR \
     (CAST(CAST(CAST(old.value AS TEXT) AS INTEGER) AS BLOB) = old.value \
     AND typeof(CAST(CAST(old.value AS TEXT) AS INTEGER) + CAST(?3 AS INTEGER)) = 'integer') \
     RETURNING CAST(value AS TEXT)";

/// Removes a key.
pub const DELETE: &str = "DELETE FROM guru_key_value WHERE store = ?1 AND key = ?2";

/// Removes some of what has expired by `?1`, of any store.
pub const PURGE: &str = "DELETE FROM guru_key_value \
     WHERE rowid IN (SELECT rowid FROM guru_key_value WHERE expires <= ?1 LIMIT 100)";
