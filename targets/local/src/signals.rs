//! What asks the process to stop. It must not know what is stopped.

use tokio::runtime::{Builder, Runtime};

use crate::error::{Error, system};

/// A runtime to wait for signals in.
pub(crate) fn runtime() -> Result<Runtime, Error> {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(system)
}

/// Resolves at the first SIGINT or SIGTERM; from then on a second one ends the process.
#[cfg(unix)]
pub(crate) fn stop_signals() -> Result<impl Future<Output = ()>, Error> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt()).map_err(system)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(system)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        std::thread::spawn(move || {
            let Ok(runtime) = runtime() else { return };
            runtime.block_on(async {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
            });
            // What a shell reports for a process that SIGINT ended.
            std::process::exit(130);
        });
    })
}

/// Resolves at the first Ctrl-C.
#[cfg(not(unix))]
pub(crate) fn stop_signals() -> Result<impl Future<Output = ()>, Error> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
