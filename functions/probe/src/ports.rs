//! What the probe needs from outside. A target that lacks a port has a probe without it.

/// The ports that every probe has, and others.
macro_rules! declare {
    ($($more:tt)*) => {
        guru::ports! {
            /// The origins of the suite.
            pub(crate) origins: Fetch["http://127.0.0.1:*"],
            $($more)*
        }
    };
}

/// The same with stores.
#[cfg(feature = "key-value")]
macro_rules! declare_with_stores {
    ($($more:tt)*) => {
        declare! {
            /// Values that may be behind.
            pub(crate) values: KeyValue,
            /// Values that are current.
            pub(crate) versions: KeyValue + Atomic,
            $($more)*
        }
    };
}

#[cfg(not(feature = "key-value"))]
declare! {}

#[cfg(all(feature = "key-value", not(any(feature = "blob", feature = "sqlite"))))]
declare_with_stores! {}

#[cfg(all(feature = "sqlite", not(feature = "blob")))]
declare_with_stores! {
    /// Tables.
    pub(crate) tables: Sql<Sqlite>,
}

#[cfg(all(feature = "blob", not(feature = "sqlite")))]
declare_with_stores! {
    /// Content of any size.
    pub(crate) files: Blob,
}

#[cfg(all(feature = "blob", feature = "sqlite"))]
declare_with_stores! {
    /// Content of any size.
    pub(crate) files: Blob,
    /// Tables.
    pub(crate) tables: Sql<Sqlite>,
}
