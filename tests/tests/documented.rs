//! What a vendor cannot do is told: every difference and every skipped capability stands in docs/portability.md.

use std::fs;
use std::path::Path;

use conformance::driver::DriverConfig;
use serde_json::Value;

#[test]
fn every_difference_and_every_skip_stands_in_the_docs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = fs::read_to_string(root.join("docs/portability.md")).unwrap();
    let skips = fs::read_to_string(root.join("tests/vectors/skips.json")).unwrap();
    let skips: Vec<Value> = serde_json::from_str(&skips).unwrap();
    let capabilities = skips
        .iter()
        .map(|skip| skip["capability"].as_str().unwrap());
    let ways = DriverConfig::all(&root.join("targets")).unwrap();
    let differences = ways.iter().flat_map(|way| &way.differences);
    let named = differences.map(String::as_str).chain(capabilities);
    let told = |name: &&str| page.contains(&format!("| `{name}` |"));
    let untold: Vec<_> = named.filter(|name| !told(name)).collect();
    assert!(untold.is_empty(), "docs/portability.md lacks {untold:?}");
}
