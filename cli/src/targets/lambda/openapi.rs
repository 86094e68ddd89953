//! Translates the function's OpenAPI document for API Gateway. Every path and method is routed to the function, so that the
//! function, not the gateway, answers 404.

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value answers null for a name that it has not; it never panics"
)]

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};

use crate::artefacts::{BuildContext, DOCUMENT, METHODS, own_document};

/// The member of an operation that says what answers.
const INTEGRATION: &str = "x-amazon-apigateway-integration";

/// A node in the tree of resources.
#[derive(Default)]
struct Node {
    literals: BTreeMap<String, Node>,
    variable: Option<(String, Box<Node>)>,
}

/// The API definition that template.yaml includes.
pub(super) fn for_gateway(context: &BuildContext<'_>) -> Result<String> {
    let mut text = serde_json::to_string_pretty(&translate(&own_document(context)?))?;
    text.push('\n');
    Ok(text)
}

/// Sets in an API definition whether keys are required and whether answers are streamed, replacing the conditions that
/// template.yaml would evaluate.
pub(super) fn decide(text: &str, has_keys: bool, streams: bool) -> Result<String> {
    let mut document: Value = serde_json::from_str(text).context("the document is no JSON")?;
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    let items = paths.into_iter().flat_map(Map::values_mut);
    let items = items
        .filter_map(Value::as_object_mut)
        .flat_map(Map::values_mut);
    for operation in items.filter_map(Value::as_object_mut) {
        if operation.remove("security").is_some() && has_keys {
            operation.insert("security".to_owned(), json!([{"api_key": []}]));
        }
        if let Some(integration) = operation.get_mut(INTEGRATION) {
            let chosen = if streams { "/Fn::If/1" } else { "/Fn::If/2" };
            *integration = integration.pointer(chosen).cloned().unwrap_or_default();
        }
    }
    Ok(format!("{document:#}\n"))
}

fn translate(document: &Value) -> Value {
    let mut root = Node::default();
    for path in document["paths"]
        .as_object()
        .into_iter()
        .flat_map(Map::keys)
    {
        root.add(path);
    }
    let mut paths = Map::new();
    root.list(String::new(), &mut Vec::new(), &mut paths);
    json!({
        // The newest version that API Gateway imports.
        // https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
        "openapi": "3.0.1",
        "info": {
            "title": {"Ref": "AWS::StackName"},
            "version": document["info"]["version"].as_str().unwrap_or("0"),
        },
        "components": {"securitySchemes": {"api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"}}},
        "paths": paths,
    })
}

impl Node {
    fn add(&mut self, path: &str) {
        let mut node = self;
        for segment in path.split('/').filter(|segment| !segment.is_empty()) {
            let name = segment
                .strip_prefix('{')
                .and_then(|rest| rest.strip_suffix('}'));
            node = match name {
                // Sibling variables must have the same name, so the first one is used for all.
                Some(name) => {
                    let name = if is_name(name) { name } else { "name" };
                    let (_, node) = node
                        .variable
                        .get_or_insert_with(|| (name.to_owned(), Box::default()));
                    node
                }
                None if is_name(segment) => node.literals.entry(segment.to_owned()).or_default(),
                // No resource can have that name; the catch-all above it handles the path.
                None => return,
            };
        }
    }

    /// Lists this node and its descendants. Where no variable matches any segment, `{proxy+}` does.
    fn list(&self, path: String, names: &mut Vec<String>, paths: &mut Map<String, Value>) {
        let own = if path.is_empty() { "/" } else { &path };
        paths.insert(own.to_owned(), item(own, names));
        for (literal, node) in &self.literals {
            node.list(format!("{path}/{literal}"), names, paths);
        }
        if let Some((name, node)) = &self.variable {
            let mut name = name.clone();
            while names.contains(&name) {
                name.push('_');
            }
            names.push(name.clone());
            node.list(format!("{path}/{{{name}}}"), names, paths);
        } else {
            let mut name = "proxy".to_owned();
            while names.contains(&name) {
                name.push('_');
            }
            names.push(name.clone());
            let rest = format!("{path}/{{{name}+}}");
            paths.insert(rest.clone(), item(&rest, names));
        }
        names.pop();
    }
}

/// Whether API Gateway accepts this as the name of a resource
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html>).
fn is_name(segment: &str) -> bool {
    let allowed = |char: char| char.is_ascii_alphanumeric() || "._-".contains(char);
    !segment.is_empty() && segment.chars().all(allowed)
}

fn item(path: &str, names: &[String]) -> Value {
    let operations = METHODS.map(|method| (method.to_owned(), operation(method, path, names)));
    Value::Object(Map::from_iter(operations))
}

fn operation(method: &str, path: &str, names: &[String]) -> Value {
    let parameters = names.iter().map(
        |name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}),
    );
    let mut operation = json!({
        "parameters": Value::from_iter(parameters),
        "responses": {},
    });
    operation[INTEGRATION] = json!({"Fn::If": ["Streams", integration("STREAM", 900_000, "2021-11-15", "response-streaming-invocations"),
        integration("BUFFERED", 29_000, "2015-03-31", "invocations")]});
    // Browsers send a preflight OPTIONS request without a key.
    let is_open = method == "options" || path == DOCUMENT && matches!(method, "get" | "head");
    if let (false, Some(members)) = (is_open, operation.as_object_mut()) {
        let security = json!({"Fn::If": ["HasKey", [{"api_key": []}], {"Ref": "AWS::NoValue"}]});
        members.insert("security".to_owned(), security);
    }
    operation
}

/// How API Gateway invokes the function
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html>).
fn integration(mode: &str, milliseconds: u32, version: &str, calls: &str) -> Value {
    let uri = format!(
        "arn:${{AWS::Partition}}:apigateway:${{AWS::Region}}:lambda:path/{version}/functions/${{Function.Arn}}/{calls}"
    );
    // The method is the invocation's, whatever that of the request.
    json!({"type": "aws_proxy", "httpMethod": "POST", "uri": {"Fn::Sub": uri}, "responseTransferMode": mode, "timeoutInMillis": milliseconds})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(of: &[&str]) -> Vec<String> {
        let paths = of
            .iter()
            .map(|path| ((*path).to_owned(), json!({"get": {}})));
        let document = json!({"info": {"version": "1"}, "paths": Map::from_iter(paths)});
        let translated = translate(&document);
        let paths = translated["paths"].as_object().unwrap();
        paths.keys().cloned().collect()
    }

    #[test]
    fn every_path_is_caught() {
        let cases: [(&[&str], &[&str]); 5] = [
            (&["/"], &["/", "/{proxy+}"]),
            (
                &["/", "/openapi.json"],
                &["/", "/openapi.json", "/openapi.json/{proxy+}", "/{proxy+}"],
            ),
            // API Gateway allows one variable below a resource, whatever its name.
            (
                &["/{id}", "/{name}/x"],
                &[
                    "/",
                    "/{id}",
                    "/{id}/x",
                    "/{id}/x/{proxy+}",
                    "/{id}/{proxy+}",
                ],
            ),
            (
                &["/{id}/{id}"],
                &["/", "/{id}", "/{id}/{id_}", "/{id}/{id_}/{proxy+}"],
            ),
            (&["/a b/c", "/%20"], &["/", "/{proxy+}"]),
        ];
        for (of, want) in cases {
            let mut want = want.to_vec();
            want.sort_unstable();
            assert_eq!(paths(of), want, "{of:?}");
        }
    }

    #[test]
    fn parameters_are_those_of_the_path() {
        let translated = translate(&json!({"paths": {"/a/{id}": {}}}));
        let names = |path: &str| {
            let parameters = translated["paths"][path]["get"]["parameters"].as_array();
            let names = parameters.unwrap().iter().map(|each| each["name"].clone());
            Value::from_iter(names)
        };
        assert_eq!(names("/a"), json!([]));
        assert_eq!(names("/a/{id}"), json!(["id"]));
        assert_eq!(names("/a/{id}/{proxy+}"), json!(["id", "proxy"]));
        assert_eq!(names("/{proxy+}"), json!(["proxy"]));
    }

    #[test]
    fn a_key_is_asked_of_all_but_preflights_and_the_document() {
        let translated = translate(&json!({"paths": {"/": {}, "/openapi.json": {}}}));
        let is_open =
            |path: &str, method: &str| translated["paths"][path][method]["security"].is_null();
        assert!(is_open("/openapi.json", "get") && is_open("/openapi.json", "head"));
        assert!(is_open("/", "options") && is_open("/{proxy+}", "options"));
        assert!(!is_open("/", "post") && !is_open("/", "get") && !is_open("/{proxy+}", "post"));
        assert!(!is_open("/openapi.json", "post"));
    }

    #[test]
    fn keys_are_asked_for_where_the_condition_stood_or_nowhere() {
        let text = translate(&json!({"paths": {"/": {}}})).to_string();
        let security = |has_keys| {
            let decided: Value =
                serde_json::from_str(&decide(&text, has_keys, false).unwrap()).unwrap();
            let of = |method: &str| decided["paths"]["/"][method]["security"].clone();
            (of("post"), of("options"))
        };
        assert_eq!(security(true), (json!([{"api_key": []}]), Value::Null));
        assert_eq!(security(false), (Value::Null, Value::Null));
    }

    #[test]
    fn answers_are_streamed_where_the_condition_says_so_or_never() {
        let text = translate(&json!({"paths": {"/": {}}})).to_string();
        for streams in [true, false] {
            let decided = decide(&text, false, streams).unwrap();
            let decided: Value = serde_json::from_str(&decided).unwrap();
            let integration = &decided["paths"]["/"]["get"][INTEGRATION];
            let mode = integration["responseTransferMode"].as_str();
            assert_eq!(mode, Some(if streams { "STREAM" } else { "BUFFERED" }));
            let uri = integration["uri"]["Fn::Sub"].as_str().unwrap();
            let ends = if streams {
                "/response-streaming-invocations"
            } else {
                "/2015-03-31/functions/${Function.Arn}/invocations"
            };
            assert!(uri.ends_with(ends), "{uri}");
        }
    }
}
