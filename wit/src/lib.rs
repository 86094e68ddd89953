//! What `wit-bindgen` makes of the package `guru:ports`, for components. All of it is generated.

wit_bindgen::generate!({
    path: "wit",
    world: "imports",
});

pub use guru::ports::{atomic, key_value, types};
