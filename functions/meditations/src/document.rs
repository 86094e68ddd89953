//! Generates the OpenAPI document from the crate's own types and routes, and compares the committed one with it. Tests only: it
//! must not be in what is deployed.

use std::collections::BTreeSet;

use expect_test::expect_file;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{OpenApi, ToSchema};

use crate::{MEDITATIONS, app};

/// One of the list.
pub(crate) fn meditation() -> Schema {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(MEDITATIONS))
        .build()
        .into()
}

/// The answer to a request that has none.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the core makes it; this is its shape")]
struct Problem {
    #[schema(schema_with = problem_status)]
    status: String,
    /// What is wrong.
    #[schema(example = "not found")]
    error: String,
    /// To find the request in the log.
    request_id: String,
}

fn problem_status() -> Schema {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(["error"]))
        .build()
        .into()
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Guru meditations", license(name = "MIT", identifier = "MIT")),
    servers((url = "/", description = "Wherever this document comes from")),
    paths(crate::meditate, crate::openapi),
    components(schemas(Problem)),
)]
struct Document;

fn document() -> String {
    let mut document = serde_json::to_value(Document::openapi()).unwrap();
    let problem = serde_json::json!({
        "description": "Anything else: an unknown path, another method, a fault",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    });
    for operations in document["paths"].as_object_mut().unwrap().values_mut() {
        for operation in operations.as_object_mut().unwrap().values_mut() {
            operation["responses"]["default"] = problem.clone();
        }
    }
    document["info"].as_object_mut().unwrap().remove("contact");
    document.sort_all_objects();
    serde_json::to_string_pretty(&document).unwrap() + "\n"
}

/// After a change, `UPDATE_EXPECT=1 cargo test -p meditations` regenerates the document.
#[test]
fn the_committed_document_is_what_the_code_says() {
    expect_file!["../openapi.json"].assert_eq(&document());
}

#[test]
fn the_document_has_just_the_routes_of_the_app() {
    let document: serde_json::Value = serde_json::from_str(&document()).unwrap();
    let described: BTreeSet<(String, String)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, operations)| {
            let methods = operations.as_object().unwrap().keys();
            methods.map(move |method| (method.to_uppercase(), path.clone()))
        })
        .collect();
    let routed: BTreeSet<(String, String)> = app()
        .routes()
        .map(|(method, path)| {
            (
                method.map_or("any", |method| method.as_str()).into(),
                path.into(),
            )
        })
        .collect();
    assert_eq!(described, routed);
}
