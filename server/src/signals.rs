//! Shutdown signals.

use std::io;

/// Resolves at the first SIGINT or SIGTERM from now on. Must be called on a tokio runtime.
///
/// # Errors
///
/// When the system refuses a signal handler.
#[cfg(unix)]
pub fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Resolves at the first Ctrl-C.
///
/// # Errors
///
/// Never fails on this platform.
#[cfg(not(unix))]
pub fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}

/// From now on, the next of these signals ends the process, with the exit code that a shell reports for SIGINT: a
/// user who asks twice does not want to wait for requests in flight.
pub fn exit_at_the_next() {
    std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let Ok(runtime) = runtime else { return };
        let waited = runtime.block_on(async {
            stop_signal()?.await;
            io::Result::Ok(())
        });
        if waited.is_ok() {
            std::process::exit(130);
        }
    });
}
