//! `bootstrap`, the executable that AWS Lambda starts.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Lambda sends a process one invocation at a time.
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
