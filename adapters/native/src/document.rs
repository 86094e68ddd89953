//! The function's OpenAPI document, for deployment tools.

use std::fmt::Display;
use std::time::Duration;

use guru_core::{App, Method, Request, Service, Status, Uri};
use serde_json::{Map, Value, json};

use crate::error::{Error, ErrorKind};
use crate::log::{Format, Log};
use crate::options::Program;
use crate::start::{context, service, start};
use crate::worker::local_runtime;

/// How long an app may take to start, and to answer.
const LIMIT: Duration = Duration::from_secs(10);

/// The path at which a function may serve its own document.
const PATH: &str = "/openapi.json";

/// The methods of an OpenAPI 3.0 path item
/// (<https://spec.openapis.org/oas/v3.0.3#path-item-object>).
const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// The document that the function serves at [`PATH`], otherwise one that only lists its routes.
pub(crate) fn document(program: &Program, app: fn() -> App) -> Result<String, Error> {
    let log = Log::new(Format::Auto);
    let runtime = local_runtime()?;
    let service = match start(&runtime, &service(app)?, &context(log), Some(LIMIT)) {
        Ok(service) => service,
        Err(error) => return of_unknown(program, error),
    };
    let has_own = service
        .routes()
        .any(|(method, path)| path == PATH && method.is_none_or(|method| *method == Method::GET));
    if !has_own {
        return of_routes(program, &service);
    }
    let failed = |reason: &dyn Display| {
        Error::new(
            ErrorKind::App,
            format!("GET {PATH} answers {reason}, and no document"),
        )
    };
    let uri = Uri::parse(PATH).map_err(|error| failed(&error))?;
    let answered = async {
        let request = Request::new(Method::GET, uri);
        let mut answer = service.handle(context(log), request).await;
        let body = answer.take_body().collect(usize::MAX).await;
        (answer.status(), body)
    };
    let answered = runtime.block_on(async { tokio::time::timeout(LIMIT, answered).await });
    let (status, body) = answered.map_err(|error| failed(&error))?;
    let body = body.map_err(|error| failed(&error))?;
    let text = std::str::from_utf8(&body).ok();
    match text.filter(|_| status == Status::OK) {
        Some(text) => Ok(text.to_owned()),
        None => Err(failed(&status)),
    }
}

/// The document of an app that does not start here, as where its settings are those of another machine: all paths may be its.
fn of_unknown(program: &Program, error: Error) -> Result<String, Error> {
    eprintln!(
        "{}: {error}: its document says that any path may be there",
        program.name
    );
    let all = App::new().any("/", unlisted).any("/{*path}", unlisted);
    let all = all.into_service();
    of_routes(program, &all.map_err(|_| error)?)
}

async fn unlisted() {}

fn of_routes(program: &Program, service: &Service) -> Result<String, Error> {
    let mut paths = Map::new();
    for (method, path) in service.routes() {
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
        .map_err(|error| Error::new(ErrorKind::App, format!("no document: {error}")))
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
    use guru_core::{Context, Response, Result};

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
        Err(guru_core::ErrorKind::Conflict.into())
    }

    #[test]
    fn a_function_that_answers_its_document_is_asked() {
        let app = || App::new().get(PATH, answer);
        assert_eq!(document(&PROGRAM, app).unwrap(), r#"{"openapi": "3.1.0"}"#);
        let refused = document(&PROGRAM, || App::new().get(PATH, broken));
        assert!(refused.unwrap_err().to_string().contains("409"));
    }

    async fn lacking(_start: guru_core::app::Start) -> Result<App> {
        Err(guru_core::Error::new(
            guru_core::ErrorKind::Internal,
            "KEY is not set",
        ))
    }

    #[test]
    fn one_that_does_not_start_here_may_have_any_path() {
        let app = || guru_core::app::IntoApp::into_app(lacking);
        let document: Value = serde_json::from_str(&document(&PROGRAM, app).unwrap()).unwrap();
        let paths: Vec<_> = document["paths"].as_object().unwrap().keys().collect();
        assert_eq!(paths, ["/", "/{path}"]);
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
