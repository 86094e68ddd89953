//! The suite as a test target: `cargo test -p conformance --test conform`, with the filters of any Rust test.

use conformance::Options;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder = scratch.parent().unwrap_or(scratch).join("conformance");
    let options = Options::from_process(folder);
    match options.and_then(|options| conformance::run(&options)) {
        Ok(run) => run.code,
        Err(error) => {
            eprintln!("conformance: {error:#}");
            ExitCode::FAILURE
        }
    }
}
