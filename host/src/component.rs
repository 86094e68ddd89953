//! Compiled components: compiled ahead of time, loaded at start.

use std::fmt;
use std::path::Path;

use wasmtime::component::Component;
use wasmtime::{Engine, Precompiled};

use crate::Limits;
use crate::engine::{PARTS, engine};

/// The kind of a hosting error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The file cannot be read or written.
    File,
    /// The file is not a compiled component.
    NotCompiled,
    /// The file was compiled by another version of wasmtime, or for another machine.
    Foreign,
    /// The component needs something that is not available here, or lacks what makes it a function.
    Unfit,
    /// The system refuses something that hosting needs.
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

    /// The kind of this error.
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

/// Loads a file written by [`compile`](crate::compile), with an engine for it, and says how many memories an instance of it has.
pub(crate) fn load(path: &Path, limits: &Limits) -> Result<(Engine, Component, u32), Error> {
    let system = |error: wasmtime::Error| {
        let message = format!("wasmtime cannot be set up with these limits: {error:#}");
        Error::new(ErrorKind::System, message)
    };
    let usual = engine(limits, 1).map_err(system)?;
    let refused = match read(&usual, path) {
        Ok(component) => return Ok((usual, component, 1)),
        Err(refused) => refused,
    };
    // One that is composed of others has a memory for each of them. How many is known once it is loaded, and address space is reserved
    // for no more: all of a process is 128 TiB, and each is 4 GiB of it.
    let one = Limits {
        instances: 1,
        ..*limits
    };
    let scout = engine(&one, PARTS).map_err(system)?;
    let required = read(&scout, path).ok();
    let required = required.and_then(|component| component.resources_required());
    let Some(required) = required else {
        return Err(refused);
    };
    let large = engine(limits, required.num_memories).map_err(system)?;
    let component = read(&large, path)?;
    Ok((large, component, required.num_memories))
}

/// Loads a file written by [`compile`](crate::compile).
fn read(engine: &Engine, path: &Path) -> Result<Component, Error> {
    let shown = path.display();
    std::fs::File::open(path)
        .map_err(|error| Error::new(ErrorKind::File, format!("cannot read {shown}: {error}")))?;
    // A file without machine code is an error there too.
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
    // SAFETY: the file was written by `compile`, as part of the same build as this program. Its header (wasmtime's
    // version, the machine, the settings) is checked.
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

/// Compiles the component `from` to machine code in the file `to`, for a [`Host`](crate::Host) of exactly this
/// version on a machine like this one.
///
/// # Errors
///
/// [`ErrorKind::File`], or [`ErrorKind::Unfit`] for a file that is not a component.
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
    // The limits apply at run time: none of them is in the machine code.
    let limits = Limits {
        instances: 1,
        ..Limits::default()
    };
    let engine = engine(&limits, PARTS).map_err(unfit)?;
    let code = engine.precompile_component(&bytes).map_err(unfit)?;
    // Replaced atomically: a host may have the previous file mapped into its memory.
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
