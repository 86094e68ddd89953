//! What the probe needs from outside. A target that lacks a port has a probe without it.

#[cfg(all(feature = "key-value", feature = "sqlite"))]
guru::ports! {
    /// The origins of the suite.
    pub(crate) origins: Fetch["http://127.0.0.1:*"],
    /// Values that may be behind.
    pub(crate) values: KeyValue,
    /// Values that are current.
    pub(crate) versions: KeyValue + Atomic,
    /// Tables.
    pub(crate) tables: Sql<Sqlite>,
}

#[cfg(all(feature = "key-value", not(feature = "sqlite")))]
guru::ports! {
    /// The origins of the suite.
    pub(crate) origins: Fetch["http://127.0.0.1:*"],
    /// Values that may be behind.
    pub(crate) values: KeyValue,
    /// Values that are current.
    pub(crate) versions: KeyValue + Atomic,
}

#[cfg(not(feature = "key-value"))]
guru::ports! {
    /// The origins of the suite.
    pub(crate) origins: Fetch["http://127.0.0.1:*"],
}
