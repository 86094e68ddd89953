//! What the probe needs from outside. A target that lacks a port has a probe without it: each macro adds one, where the probe is
//! built with it, and passes on to the next.

#[cfg(feature = "key-value")]
macro_rules! with_stores {
    ($($before:tt)*) => {
        with_blobs! {
            $($before)*
            /// Values that may be behind.
            pub(crate) values: KeyValue,
            /// Values that are current.
            pub(crate) versions: KeyValue + Atomic,
        }
    };
}

#[cfg(not(feature = "key-value"))]
macro_rules! with_stores {
    ($($before:tt)*) => { with_blobs! { $($before)* } };
}

#[cfg(feature = "blob")]
macro_rules! with_blobs {
    ($($before:tt)*) => {
        with_tables! {
            $($before)*
            /// Content of any size.
            pub(crate) files: Blob,
        }
    };
}

#[cfg(not(feature = "blob"))]
macro_rules! with_blobs {
    ($($before:tt)*) => { with_tables! { $($before)* } };
}

#[cfg(feature = "sqlite")]
macro_rules! with_tables {
    ($($before:tt)*) => {
        with_servers! {
            $($before)*
            /// Tables of SQLite.
            pub(crate) tables: Sql<Sqlite>,
        }
    };
}

#[cfg(not(feature = "sqlite"))]
macro_rules! with_tables {
    ($($before:tt)*) => { with_servers! { $($before)* } };
}

#[cfg(feature = "postgres")]
macro_rules! with_servers {
    ($($before:tt)*) => {
        with_secrets! {
            $($before)*
            /// Tables of PostgreSQL.
            pub(crate) server: Sql<Postgres>,
        }
    };
}

#[cfg(not(feature = "postgres"))]
macro_rules! with_servers {
    ($($before:tt)*) => { with_secrets! { $($before)* } };
}

#[cfg(feature = "secret")]
macro_rules! with_secrets {
    ($($before:tt)*) => {
        with_functions! {
            $($before)*
            /// One that the suite sets.
            pub(crate) probe_secret: Secret,
            /// One that nobody sets.
            pub(crate) probe_secret_unset: Secret,
        }
    };
}

#[cfg(not(feature = "secret"))]
macro_rules! with_secrets {
    ($($before:tt)*) => { with_functions! { $($before)* } };
}

#[cfg(feature = "invoke")]
macro_rules! with_functions {
    ($($before:tt)*) => {
        declare! {
            $($before)*
            /// The probe itself.
            pub(crate) probe: Invoke,
        }
    };
}

#[cfg(not(feature = "invoke"))]
macro_rules! with_functions {
    ($($before:tt)*) => { declare! { $($before)* } };
}

macro_rules! declare {
    ($($all:tt)*) => { guru::ports! { $($all)* } };
}

with_stores! {
    /// The origins of the suite.
    pub(crate) origins: Fetch["http://127.0.0.1:*"],
}
