//! What `wit-bindgen` makes of the package `guru:ports`: for components that call it, and, with a feature, for those that give it
//! to others. All of it is generated.

#[cfg(feature = "imports")]
mod imports {
    wit_bindgen::generate!({
        path: "wit",
        world: "imports",
    });
}

#[cfg(feature = "imports")]
pub use imports::guru::ports::{atomic, blob, invoke, key_value, postgres, secret, sqlite};

/// For a component that gives others their stores.
#[cfg(feature = "adapters")]
pub mod key_value_adapter {
    wit_bindgen::generate!({
        path: "wit",
        world: "key-value-adapter",
        pub_export_macro: true,
        default_bindings_module: "guru_wit::key_value_adapter",
        export_macro_name: "export_key_value",
    });

    pub use exports::guru::ports::key_value;
}

/// For a component that gives others their atomic stores.
#[cfg(feature = "adapters")]
pub mod atomic_adapter {
    wit_bindgen::generate!({
        path: "wit",
        world: "atomic-adapter",
        pub_export_macro: true,
        default_bindings_module: "guru_wit::atomic_adapter",
        export_macro_name: "export_atomic",
    });

    pub use exports::guru::ports::atomic;
}

/// For a component that gives others their databases of SQLite.
#[cfg(feature = "adapters")]
pub mod sqlite_adapter {
    wit_bindgen::generate!({
        path: "wit",
        world: "sqlite-adapter",
        pub_export_macro: true,
        default_bindings_module: "guru_wit::sqlite_adapter",
        export_macro_name: "export_sqlite",
    });

    pub use exports::guru::ports::sqlite;
}

/// For a component that gives others their databases of PostgreSQL.
#[cfg(feature = "adapters")]
pub mod postgres_adapter {
    wit_bindgen::generate!({
        path: "wit",
        world: "postgres-adapter",
        pub_export_macro: true,
        default_bindings_module: "guru_wit::postgres_adapter",
        export_macro_name: "export_postgres",
    });

    pub use exports::guru::ports::postgres;
}

/// For a component that gives others their secrets.
#[cfg(feature = "adapters")]
pub mod secret_adapter {
    wit_bindgen::generate!({
        path: "wit",
        world: "secret-adapter",
        pub_export_macro: true,
        default_bindings_module: "guru_wit::secret_adapter",
        export_macro_name: "export_secret",
    });

    pub use exports::guru::ports::secret;
}

/// For a component that says where others' functions are.
#[cfg(feature = "adapters")]
pub mod invoke_adapter {
    wit_bindgen::generate!({
        path: "wit",
        world: "invoke-adapter",
        pub_export_macro: true,
        default_bindings_module: "guru_wit::invoke_adapter",
        export_macro_name: "export_invoke",
    });

    pub use exports::guru::ports::invoke;
}

#[doc(hidden)]
pub use wit_bindgen;
