//! The function's OpenAPI document, as printed by the function itself.

use anyhow::{Context as _, Result};
use serde_json::{Map, Value};

use super::{BuildContext, program::program};
use crate::{child, surroundings};

/// The methods that a resource can have, listed one by one: not every consumer of the document understands the catch-all
/// `x-amazon-apigateway-any-method`.
pub const METHODS: [&str; 7] = ["get", "put", "post", "delete", "options", "head", "patch"];

/// The path under which functions serve their document.
pub const DOCUMENT: &str = "/openapi.json";

/// Runs the function's native program to print its document.
pub fn own(context: &BuildContext<'_>) -> Result<Value> {
    let program = program(&BuildContext {
        is_release: false,
        ..*context
    })?;
    let said = child::output(surroundings::command(&program).arg("--openapi"))?;
    let document = serde_json::from_str(&said);
    document.with_context(|| format!("the OpenAPI document of {} is no JSON", context.function))
}

/// A request that the document describes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The method.
    pub method: String,
    /// The path without its leading slash.
    pub path: String,
}

/// Returns the first request of a document other than the one for the document itself. Path parameters keep their names as
/// values.
pub fn first_call(document: &Value) -> Option<Call> {
    let paths = document["paths"].as_object()?.iter();
    let mut calls = paths
        .filter(|(path, _)| *path != DOCUMENT)
        .flat_map(|(path, item)| {
            let methods = item.as_object().into_iter().flat_map(Map::keys);
            methods
                .filter(|method| METHODS.contains(&method.as_str()))
                .map(move |method| Call {
                    method: method.to_ascii_uppercase(),
                    path: path.trim_start_matches('/').replace(['{', '}'], ""),
                })
        });
    calls.next()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_call_can_be_typed() {
        let document = json!({"paths": {"/openapi.json": {"get": {}}, "/hello/{name}": {"parameters": [], "get": {}}}});
        let call = first_call(&document).unwrap();
        assert_eq!((&*call.method, &*call.path), ("GET", "hello/name"));
        assert_eq!(first_call(&json!({})), None);
    }
}
