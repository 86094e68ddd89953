//! `bootstrap`, which AWS Lambda starts. It must not know what an invocation is.

use std::process::ExitCode;

fn main() -> ExitCode {
    // One invocation at a time is all that Lambda gives to a process.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let done = match runtime {
        Ok(runtime) => runtime
            .block_on(guru_lambda::run())
            .map_err(|error| error.to_string()),
        Err(error) => Err(format!("the system refused what a runtime needs: {error}")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bootstrap: {error}");
            ExitCode::FAILURE
        }
    }
}
