//! The vector files: embedded, parsed and validated as a suite.
//!
//! They are embedded so that an installed command can drive the same cases against any URL.

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use std::collections::BTreeSet;

use super::{POINTS, Vector};

/// Every file of cases: its name and its text.
const FILES: [(&str, &str); 25] = [
    ("after", include_str!("../../vectors/after.json")),
    ("atomic", include_str!("../../vectors/atomic.json")),
    ("blob", include_str!("../../vectors/blob.json")),
    ("body", include_str!("../../vectors/body.json")),
    ("crash", include_str!("../../vectors/crash.json")),
    ("errors", include_str!("../../vectors/errors.json")),
    ("example", include_str!("../../vectors/example.json")),
    ("fetch", include_str!("../../vectors/fetch.json")),
    ("framing", include_str!("../../vectors/framing.json")),
    ("generic", include_str!("../../vectors/generic.json")),
    ("headers", include_str!("../../vectors/headers.json")),
    ("heads", include_str!("../../vectors/heads.json")),
    ("identity", include_str!("../../vectors/identity.json")),
    ("invoke", include_str!("../../vectors/invoke.json")),
    ("kv", include_str!("../../vectors/kv.json")),
    ("limits", include_str!("../../vectors/limits.json")),
    ("method", include_str!("../../vectors/method.json")),
    ("path", include_str!("../../vectors/path.json")),
    ("query", include_str!("../../vectors/query.json")),
    ("postgres", include_str!("../../vectors/postgres.json")),
    ("secret", include_str!("../../vectors/secret.json")),
    ("sql", include_str!("../../vectors/sql.json")),
    ("state", include_str!("../../vectors/state.json")),
    ("stream", include_str!("../../vectors/stream.json")),
    ("status", include_str!("../../vectors/status.json")),
];

/// The content of `skips.json`.
pub const SKIPS: &str = include_str!("../../vectors/skips.json");

/// The minimum number of cases for each point of the contract.
const FEWEST: usize = 4;

/// All vectors, or what is wrong with the files.
pub fn suite() -> Result<Vec<Vector>> {
    let mut vectors = Vec::new();
    for (file, text) in FILES {
        vectors.extend(from_text(file, text)?);
    }
    let mut names = BTreeSet::new();
    for vector in &vectors {
        ensure!(
            names.insert(vector.name.as_str()),
            "two vectors have the name `{}`: rename one",
            vector.name
        );
    }
    for (point, title) in (1_u8..).zip(POINTS) {
        let count = vectors
            .iter()
            .filter(|vector| vector.point == point)
            .count();
        ensure!(
            count >= FEWEST,
            "point {point} ({title}) has {count} vectors: it needs {FEWEST} at least"
        );
    }
    Ok(vectors)
}

/// Parses the vectors in the content of `vectors/<file>.json`: one object or a list of them.
pub fn from_text(file: &str, text: &str) -> Result<Vec<Vector>> {
    let path = format!("tests/vectors/{file}.json");
    let parsed: Value =
        serde_json::from_str(text).with_context(|| format!("{path} is not JSON"))?;
    let cases = match parsed {
        Value::Array(cases) => cases,
        one => vec![one],
    };
    cases
        .into_iter()
        .enumerate()
        .map(|(index, case)| one(file, case, index).with_context(|| path.clone()))
        .collect()
}

fn one(file: &str, case: Value, index: usize) -> Result<Vector> {
    let name = case.get("name").and_then(Value::as_str).map_or_else(
        || format!("case {index} (without a name)"),
        |name| format!("case `{name}`"),
    );
    let vector: Vector = serde_path_to_error::deserialize(case).map_err(|error| {
        match error.path().to_string().as_str() {
            "." => anyhow::anyhow!("{name}: {}", error.inner()),
            path => anyhow::anyhow!("{name}: {path}: {}", error.inner()),
        }
    })?;
    if vector
        .name
        .strip_prefix(file)
        .and_then(|rest| rest.strip_prefix('/'))
        .is_none_or(str::is_empty)
    {
        bail!("{name}: its name must begin with `{file}/`, the file that it is in");
    }
    Ok(vector)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn case(exchange: Value) -> Value {
        json!({"name": "path/x", "point": 2, "why": "a reason in one line", "evidence": "RFC 9112 section 3.2", "exchanges": [exchange]})
    }

    fn refusal(case: &Value) -> String {
        format!("{:#}", from_text("path", &case.to_string()).unwrap_err())
    }

    #[test]
    fn the_suite_is_sound_and_every_file_of_the_folder_is_in_it() {
        suite().unwrap();
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors");
        let there: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|entry| {
                Some(
                    entry
                        .unwrap()
                        .file_name()
                        .to_str()?
                        .strip_suffix(".json")?
                        .to_owned(),
                )
            })
            .filter(|name| name != "skips")
            .collect();
        assert_eq!(
            there,
            FILES.iter().map(|(name, _)| (*name).to_owned()).collect()
        );
    }

    #[test]
    fn a_typo_names_the_file_and_the_case() {
        let said = refusal(&case(
            json!({"send": {"method": "GET", "target": "/"}, "expect": {"status": 200, "heders": {}}}),
        ));
        assert!(said.contains("tests/vectors/path.json: case `path/x`: exchanges[0].expect.heders: unknown field `heders`"), "{said}");
        let mut wrong =
            case(json!({"send": {"method": "GET", "target": "/"}, "expect": {"status": 200}}));
        wrong["evidense"] = json!("x");
        assert!(
            refusal(&wrong).contains("case `path/x`: evidense: unknown field `evidense`"),
            "{}",
            refusal(&wrong)
        );
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let send = json!({"method": "GET", "target": "/"});
        for (exchange, reason) in [
            (
                json!({"send": send, "expect": {}}),
                "missing field `status`",
            ),
            (
                json!({"send": send, "expect": {"status": "200"}}),
                "a status is a number",
            ),
            (
                json!({"send": send, "expect": {"status": 200, "text": "a", "empty": true}}),
                "more than one body",
            ),
            (
                json!({"send": send, "expect": {"status": 200, "json": {"a": 1}}}),
                "no JSON pointer",
            ),
            (
                json!({"send": send, "expect": {"status": 200, "json": {"/a": {"$matches": "("}}}}),
                "regex parse error",
            ),
            (
                json!({"send": send, "expect": {"status": 200, "json": {"/a": {"$is": 1}}}}),
                "`$is` is not an operator",
            ),
            (
                json!({"send": send, "expect": {"status": 200, "json": {"/a": {"$differs_from": 0}}}}),
                "not an earlier exchange",
            ),
            (
                json!({"send": send, "expect": {"status": 200, "headers": {"Allow": []}}}),
                "lower case",
            ),
            (
                json!({"send": send, "expect": {"status": 200, "headers": {"allow": ["\u{2603}"]}}}),
                "is no byte",
            ),
            (
                json!({"send": {"method": "GET", "target": "/\u{2603}"}, "expect": {"status": 200}}),
                "is no byte",
            ),
            (
                json!({"send": {"method": "GET", "target": "/", "headers": [["a", "b\r\nc: d"]]}, "expect": {"status": 200}}),
                "no end of line",
            ),
            (
                json!({"send": {"method": "GET", "target": "/", "chunked": true}, "expect": {"status": 200}}),
                "needs a body",
            ),
            (
                json!({"send": {"method": "GET", "target": "/", "text": "a", "json": {}}, "expect": {"status": 200}}),
                "more than one body",
            ),
        ] {
            let said = refusal(&case(exchange));
            assert!(said.contains(reason), "wanted {reason:?}, got {said:?}");
        }
        let mut elsewhere = case(json!({"send": send, "expect": {"status": 200}}));
        elsewhere["name"] = json!("query/x");
        assert!(refusal(&elsewhere).contains("must begin with `path/`"));
        elsewhere["point"] = json!(13);
        assert!(
            refusal(&elsewhere)
                .contains("point 13 is not in the portable contract, which has 1 to 12")
        );
    }

    #[test]
    fn copies_that_run_at_once_have_their_own_number() {
        let mut many = case(
            json!({"send": {"method": "GET", "target": "/echo/{n}"}, "expect": {"status": 200, "json": {"/segments": ["{n}"]}}}),
        );
        many["concurrent"] = json!(3);
        let vectors = from_text("path", &many.to_string()).unwrap();
        let targets: Vec<_> = vectors[0]
            .copies
            .iter()
            .map(|copy| copy[0].send.target.clone())
            .collect();
        assert_eq!(targets, [b"/echo/0", b"/echo/1", b"/echo/2"]);
    }
}
