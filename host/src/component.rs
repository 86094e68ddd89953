//! Compiled components: made ahead of time, read at start. It must not know requests.

use std::fmt;
use std::path::Path;

use wasmtime::component::Component;
use wasmtime::{Engine, Precompiled};

/// Why a component cannot be hosted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The file cannot be read or written.
    File,
    /// The file is no compiled component.
    NotCompiled,
    /// The file was compiled by another wasmtime, or for another machine.
    Foreign,
    /// The component needs something that there is not here, or lacks what makes it a function.
    Unfit,
    /// The system refuses what hosting needs.
    System,
}

/// Why a component cannot be hosted, and what to do about it.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    /// Why.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// Reads what [`compile`](crate::compile) has written.
pub(crate) fn read(engine: &Engine, path: &Path) -> Result<Component, Error> {
    let shown = path.display();
    std::fs::File::open(path)
        .map_err(|error| Error::new(ErrorKind::File, format!("cannot read {shown}: {error}")))?;
    // What is no machine code at all is an error there too.
    let found = Engine::detect_precompiled_file(path).ok().flatten();
    if found != Some(Precompiled::Component) {
        return Err(Error::new(
            ErrorKind::NotCompiled,
            format!(
                "{shown} is no compiled component: `guru-host compile COMPONENT FILE` makes one of a component"
            ),
        ));
    }
    #[expect(
        unsafe_code,
        reason = "the file is machine code, which is as trustworthy as its place: whoever can replace it can replace this program too"
    )]
    // SAFETY: it was made by `compile`, as part of the same build as this program. What is in its head
    // (wasmtime's version, the machine, the settings) is checked.
    let component = unsafe { Component::deserialize_file(engine, path) };
    component.map_err(|error| {
        Error::new(
            ErrorKind::Foreign,
            format!(
                "{shown} was not compiled for this host: {error:#}; compile it again with the `guru-host` of this version ({})",
                env!("CARGO_PKG_VERSION")
            ),
        )
    })
}

/// Compiles the component `from` to machine code in the file `to`, for a [`Host`](crate::Host) of this
/// very version on a machine like this one.
///
/// # Errors
///
/// [`ErrorKind::File`], or [`ErrorKind::Unfit`] for what is no component.
#[cfg(feature = "compile")]
pub fn compile(from: &Path, to: &Path) -> Result<(), Error> {
    let bytes = std::fs::read(from).map_err(|error| {
        Error::new(
            ErrorKind::File,
            format!("cannot read {}: {error}", from.display()),
        )
    })?;
    let unfit = |error: wasmtime::Error| {
        Error::new(
            ErrorKind::Unfit,
            format!("{} cannot be compiled: {error:#}", from.display()),
        )
    };
    // The limits are for running: nothing of them is in the machine code.
    let engine = crate::engine::engine(&crate::Limits::default()).map_err(unfit)?;
    let code = engine.precompile_component(&bytes).map_err(unfit)?;
    // Whole or not at all: a host may have the one before mapped into its memory.
    let unfinished = to.with_extension(format!("{}.unfinished", std::process::id()));
    let written = std::fs::write(&unfinished, code);
    let written = written.and_then(|()| std::fs::rename(&unfinished, to));
    written.map_err(|error| {
        Error::new(
            ErrorKind::File,
            format!("cannot write {}: {error}", to.display()),
        )
    })
}
