//! What the process gets from its environment: the component, its limits, its settings. It must not know
//! invocations.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use guru_host::{Limits, Options};

use crate::error::{Error, ErrorKind};
use crate::log;

/// The compiled component, beside the bootstrap in the archive that is deployed.
const COMPONENT: &str = "function.cwasm";

/// What the function must not see: whoever has these is the function's role.
const CREDENTIALS: [&str; 3] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
];

/// How long Lambda lets an invocation take at most.
const LONGEST: u32 = 900;

/// How requests reach the function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Deployment {
    /// What stands before every path of the function.
    pub(crate) mount: String,
    /// Whether a Function URL is told to stream answers.
    pub(crate) is_streaming: bool,
}

/// Whether there is anyone to answer invocations to.
pub(crate) fn is_lambda() -> Result<(), Error> {
    let wanted = [
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
    ];
    match wanted.into_iter().find(|name| text(name).is_none()) {
        None => Ok(()),
        Some(name) => Err(Error::new(
            ErrorKind::NotLambda,
            format!(
                "there is no {name} in the environment: AWS Lambda starts this program, or its \
                 runtime interface emulator does; to serve the component here, use `guru-host serve`"
            ),
        )),
    }
}

/// Where the compiled component is: as `GURU_COMPONENT` says, else in Lambda's folder for functions, else
/// beside this program, as the emulator has it.
pub(crate) fn component() -> Result<PathBuf, Error> {
    if let Some(named) = env::var_os("GURU_COMPONENT").filter(|named| !named.is_empty()) {
        return Ok(named.into());
    }
    let folder = env::var_os("LAMBDA_TASK_ROOT").filter(|folder| !folder.is_empty());
    let folder = match folder {
        Some(folder) => PathBuf::from(folder),
        None => {
            let program = env::current_exe();
            let program = program.map_err(|error| {
                let message = format!("cannot tell where this program is: {error}");
                Error::new(ErrorKind::Component, message)
            })?;
            program.parent().map(Into::into).unwrap_or_default()
        }
    };
    let path = folder.join(COMPONENT);
    if path.is_file() {
        return Ok(path);
    }
    Err(Error::new(
        ErrorKind::Component,
        format!(
            "there is no {}: `guru build --on lambda` puts {COMPONENT} beside the bootstrap, or name \
             another file in GURU_COMPONENT",
            path.display()
        ),
    ))
}

/// How the component is hosted.
pub(crate) fn options() -> Result<Options, Error> {
    let usual = Limits::default();
    let mut options = Options::default();
    options.limits = Limits {
        memory: number("GURU_MEMORY", "MiB", 1..=4096)?
            .map_or(usual.memory, |mib| mib.saturating_mul(1024 * 1024)),
        time: number("GURU_TIME", "seconds", 1..=LONGEST as usize)?
            .and_then(|seconds| u32::try_from(seconds).ok())
            .map_or(Duration::from_secs(LONGEST.into()), |seconds| {
                Duration::from_secs(seconds.into())
            }),
        stack: number("GURU_STACK", "KiB", 64..=65_536)?
            .map_or(usual.stack, |kib| kib.saturating_mul(1024)),
        // Lambda sends one at a time; one that was given up may still be on its way out.
        instances: 4,
    };
    let format = log::format(text("AWS_LAMBDA_LOG_FORMAT").as_deref());
    let of_function = env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        let value = value.into_string().ok()?;
        (!CREDENTIALS.contains(&&*name)).then_some((name, value))
    });
    options.environment = of_function.filter(|(name, _)| *name != format.0).collect();
    options.environment.push(format);
    Ok(options)
}

/// How requests reach the function.
pub(crate) fn deployment() -> Result<Deployment, Error> {
    let is_streaming = match text("GURU_INVOKE_MODE").as_deref() {
        None | Some("BUFFERED") => false,
        Some("RESPONSE_STREAM") => true,
        Some(other) => {
            return Err(setting(format!(
                "GURU_INVOKE_MODE is {other:?}: it is BUFFERED or RESPONSE_STREAM, as the InvokeMode of \
                 the Function URL"
            )));
        }
    };
    Ok(Deployment {
        mount: text("GURU_BASE_PATH").unwrap_or_default(),
        is_streaming,
    })
}

fn text(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn number(
    name: &str,
    unit: &str,
    range: std::ops::RangeInclusive<usize>,
) -> Result<Option<usize>, Error> {
    let Some(said) = text(name) else {
        return Ok(None);
    };
    match said.trim().parse() {
        Ok(number) if range.contains(&number) => Ok(Some(number)),
        _ => Err(setting(format!(
            "{name} is {said:?}: it is a number of {unit} from {} to {}",
            range.start(),
            range.end()
        ))),
    }
}

fn setting(message: String) -> Error {
    Error::new(ErrorKind::Setting, message)
}
