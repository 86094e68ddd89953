//! What the probe needs from outside. A target that lacks a port has a probe without it.

guru::ports! {
    /// The origins of the suite.
    pub(crate) origins: Fetch["http://127.0.0.1:*"],
    /// Values that may be behind.
    #[cfg(feature = "key-value")]
    pub(crate) values: KeyValue,
    /// Values that are current.
    #[cfg(feature = "key-value")]
    pub(crate) versions: KeyValue + Atomic,
    /// Content of any size.
    #[cfg(feature = "blob")]
    pub(crate) files: Blob,
    /// Tables of SQLite.
    #[cfg(feature = "sqlite")]
    pub(crate) tables: Sql<Sqlite>,
    /// Tables of PostgreSQL.
    #[cfg(feature = "postgres")]
    pub(crate) server: Sql<Postgres>,
    /// One that the suite sets.
    #[cfg(feature = "secret")]
    pub(crate) probe_secret: Secret,
    /// One that nobody sets.
    #[cfg(feature = "secret")]
    pub(crate) probe_secret_unset: Secret,
    /// The probe itself.
    #[cfg(feature = "invoke")]
    pub(crate) probe: Invoke,
}
