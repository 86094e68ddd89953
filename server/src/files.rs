//! The limit on open files, and so on connections.

/// Raises the soft limit to the hard limit. A shell's own limit, usually 1024, is meant for programs that use
/// `select`, and a server reaches it soon. Returns the resulting limit, if there is one.
#[cfg(unix)]
#[must_use]
pub fn raise_limit() -> Option<usize> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    let limit = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    limit.and_then(|limit| usize::try_from(limit).ok())
}

/// This platform has no such limit.
#[cfg(not(unix))]
#[must_use]
pub fn raise_limit() -> Option<usize> {
    None
}
