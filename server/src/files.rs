//! How many files, and so connections, the process may have open.

/// Takes what the system allows: a shell's own limit, 1024 on most, is there for programs that use `select`, and is
/// soon reached by a server. Returns how many files may be open now, where there is a limit.
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

/// There is no such limit.
#[cfg(not(unix))]
#[must_use]
pub fn raise_limit() -> Option<usize> {
    None
}
