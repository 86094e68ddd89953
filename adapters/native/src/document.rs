//! The function's OpenAPI document, for deployment tools.

use guru_core::{App, Error, ErrorKind, Method, Result, Status, memory};
use serde_json::{Map, Value, json};

use crate::options::Program;

/// The path at which a function may serve its own document.
const PATH: &str = "/openapi.json";

/// The methods of an OpenAPI 3.0 path item
/// (<https://spec.openapis.org/oas/v3.0.3#path-item-object>).
const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// The document that the function serves at [`PATH`], otherwise one that only lists its routes.
pub(crate) fn document(program: &Program, app: fn() -> App) -> Result<String> {
    let routes = app();
    let has_own = routes
        .routes()
        .any(|(method, path)| path == PATH && method.is_none_or(|method| *method == Method::GET));
    if !has_own {
        return of_routes(program, &routes);
    }
    let answer = memory::Client::new(routes)?.get(PATH);
    let text = answer
        .body()
        .as_bytes()
        .and_then(|bytes| std::str::from_utf8(bytes).ok());
    match text.filter(|_| answer.status() == Status::OK) {
        Some(text) => Ok(text.to_owned()),
        None => Err(Error::new(
            ErrorKind::Internal,
            format!("GET {PATH} answers {}, and no document", answer.status()),
        )),
    }
}

fn of_routes(program: &Program, app: &App) -> Result<String> {
    let mut paths = Map::new();
    for (method, path) in app.routes() {
        let item = paths.entry(path.replace("{*", "{")).or_insert(json!({}));
        let methods = match method {
            Some(method) => vec![method.as_str().to_ascii_lowercase()],
            None => METHODS.map(str::to_owned).to_vec(),
        };
        for method in methods
            .iter()
            .filter(|method| METHODS.contains(&method.as_str()))
        {
            if let Some(item) = item.as_object_mut() {
                item.insert(method.clone(), operation(path));
            }
        }
    }
    let document = json!({
        "openapi": "3.0.3",
        "info": {"title": program.name, "description": program.about, "version": program.version},
        "paths": paths,
    });
    serde_json::to_string_pretty(&document)
        .map_err(|error| Error::new(ErrorKind::Internal, format!("no document: {error}")))
}

fn operation(path: &str) -> Value {
    let names = path.split('/').filter_map(|segment| {
        let name = segment.strip_prefix('{')?.strip_suffix('}')?;
        Some(name.trim_start_matches('*'))
    });
    let parameters: Vec<Value> = names
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
        .collect();
    let mut operation =
        json!({"responses": {"default": {"description": "What the function answers"}}});
    if let (false, Some(operation)) = (parameters.is_empty(), operation.as_object_mut()) {
        operation.insert("parameters".into(), parameters.into());
    }
    operation
}

#[cfg(test)]
mod tests {
    use guru_core::{Context, Request, Response};

    use super::*;

    const PROGRAM: Program = Program {
        name: "hello",
        version: "1.2.3",
        about: "Says hello",
    };

    async fn answer(_cx: Context, _req: Request) -> Result<Response> {
        Ok(Response::text(r#"{"openapi": "3.1.0"}"#))
    }

    async fn broken(_cx: Context, _req: Request) -> Result<Response> {
        Err(Error::new(ErrorKind::Conflict, "no"))
    }

    #[test]
    fn a_function_that_answers_its_document_is_asked() {
        let app = || App::new().get(PATH, answer);
        assert_eq!(document(&PROGRAM, app).unwrap(), r#"{"openapi": "3.1.0"}"#);
        let refused = document(&PROGRAM, || App::new().get(PATH, broken));
        assert!(refused.unwrap_err().to_string().contains("409"));
    }

    #[test]
    fn any_other_has_a_document_of_its_routes() {
        let app = || App::new().get("/", answer).any("/files/{*rest}", answer);
        let document: Value = serde_json::from_str(&document(&PROGRAM, app).unwrap()).unwrap();
        assert_eq!(document["info"]["title"], "hello");
        assert!(document["paths"]["/"]["get"]["parameters"].is_null());
        let methods = document["paths"]["/files/{rest}"].as_object().unwrap();
        assert_eq!(methods.len(), METHODS.len());
        assert_eq!(methods["get"]["parameters"][0]["name"], "rest");
    }
}
