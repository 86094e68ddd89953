//! What the process reads from its environment: the component, its limits, its settings.

use std::env;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use guru_host::{Limits, Options};

use crate::error::{Error, ErrorKind};
use crate::{log, settings};

/// The compiled component, next to the bootstrap in the deployment package.
const COMPONENT: &str = "function.cwasm";

/// How much of Lambda's memory the function does not get, in MiB: 9 MB for the bootstrap itself (22 without
/// optimization), and some 20 for the largest event and the largest response, of which there are several copies while
/// they are read and written.
const ROOM: usize = 48;

/// The minimum memory of a function, in MiB.
const LEAST: usize = 16;

/// The memory that a function can address, in MiB.
const MOST: usize = 4096;

/// The maximum duration of an invocation on Lambda, in seconds.
const LONGEST: u32 = 900;

/// How requests reach the function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Deployment {
    /// The prefix of all paths of the function.
    pub(crate) mount: String,
    /// Whether a Function URL or a REST API is configured to stream responses.
    pub(crate) is_streaming: bool,
}

/// Checks that Lambda, or its emulator, has started the process.
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

/// Lambda's folder for functions, in which a deployment package is.
fn package() -> Option<PathBuf> {
    let folder = env::var_os("LAMBDA_TASK_ROOT").filter(|folder| !folder.is_empty());
    folder.map(PathBuf::from)
}

/// The path of the compiled component: `GURU_COMPONENT` if set, otherwise in Lambda's folder for functions, otherwise
/// next to this program, as under the emulator.
pub(crate) fn component() -> Result<PathBuf, Error> {
    if let Some(named) = env::var_os("GURU_COMPONENT").filter(|named| !named.is_empty()) {
        return Ok(named.into());
    }
    let folder = match package() {
        Some(folder) => folder,
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

/// The address of the runtime API, which is on this machine unless it says another.
fn runtime_api(text: &str) -> Option<SocketAddr> {
    text.parse().ok().or_else(|| {
        let port = text.rsplit_once(':')?.1.parse().ok()?;
        Some(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port))
    })
}

/// The options for hosting the component, and what in the environment could not be followed.
pub(crate) fn options() -> Result<(Options, Option<String>), Error> {
    let usual = Limits::default();
    let mut options = Options::default();
    let lambda = text("AWS_LAMBDA_FUNCTION_MEMORY_SIZE").and_then(|size| size.parse().ok());
    let (memory, warning) = memory(lambda, number("GURU_MEMORY", "MiB", 1..=MOST)?);
    options.limits = Limits {
        memory,
        time: number("GURU_TIME", "seconds", 1..=LONGEST as usize)?
            .and_then(|seconds| u32::try_from(seconds).ok())
            .map_or(Duration::from_secs(LONGEST.into()), |seconds| {
                Duration::from_secs(seconds.into())
            }),
        stack: number("GURU_STACK", "KiB", 64..=65_536)?
            .map_or(usual.stack, |kib| kib.saturating_mul(1024)),
        // Lambda sends one at a time; one that was given up may still be finishing.
        instances: 4,
        ..usual
    };
    // Who reaches the runtime API takes invocations, and answers them.
    options.guarded = text("AWS_LAMBDA_RUNTIME_API").and_then(|api| runtime_api(&api));
    #[cfg(any(
        feature = "dynamodb",
        feature = "lambda",
        feature = "postgres",
        feature = "s3"
    ))]
    {
        options.stores = stores()?;
    }
    options.environment = settings::of(env::vars_os(), text(settings::NAMES).as_deref())?;
    let secrets = settings::secrets(env::vars_os(), text(settings::SECRETS).as_deref())?;
    options.stores = options.stores.with_secrets(secrets);
    let format = log::format(text("AWS_LAMBDA_LOG_FORMAT").as_deref());
    options.environment.retain(|(name, _)| *name != format.0);
    options.environment.push(format);
    Ok((options, warning))
}

/// The function's memory in bytes, given the memory of Lambda and the requested amount, both in MiB; and why it is
/// less than requested. Lambda ends a process that exceeds its memory, with everything in flight, and nobody gets a
/// response.
fn memory(lambda: Option<usize>, asked: Option<usize>) -> (usize, Option<String>) {
    let usual = Limits::default().memory;
    let given = lambda.map(|mib| mib.saturating_sub(ROOM).clamp(LEAST, MOST));
    let (mib, warning) = match (given, asked) {
        (None, None) => return (usual, None),
        (Some(mib), None) | (None, Some(mib)) => (mib, None),
        (Some(given), Some(asked)) => (
            given.min(asked),
            (asked > given).then(|| {
                format!(
                    "GURU_MEMORY is {asked}, and the function gets {given} MiB: Lambda gives {} MB, and \
                     {ROOM} are the host's; raise MemorySize, or leave GURU_MEMORY out",
                    lambda.unwrap_or_default()
                )
            }),
        ),
    };
    (mib.saturating_mul(1024 * 1024), warning)
}

/// How requests reach the function.
pub(crate) fn deployment() -> Result<Deployment, Error> {
    let is_streaming = match text("GURU_INVOKE_MODE").as_deref() {
        None | Some("BUFFERED") => false,
        Some("RESPONSE_STREAM") => true,
        Some(other) => {
            return Err(Error::setting(format!(
                "GURU_INVOKE_MODE is {other:?}: it is BUFFERED or RESPONSE_STREAM, as the InvokeMode of \
                 the Function URL, or for a REST API whose responseTransferMode is STREAM"
            )));
        }
    };
    Ok(Deployment {
        mount: text("GURU_BASE_PATH").unwrap_or_default(),
        is_streaming,
    })
}

/// The stores, blobs, databases and functions that the environment names services for.
#[cfg(any(
    feature = "dynamodb",
    feature = "lambda",
    feature = "postgres",
    feature = "s3"
))]
fn stores() -> Result<guru_host::Stores, Error> {
    // `guru build` puts them there (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html names the folder).
    let (setting, folder) = guru_services::MIGRATIONS;
    let packed = package().map(|package| package.join(folder));
    let packed = packed.filter(|folder| folder.is_dir());
    let usual = packed.map(|folder| (setting.into(), folder.into()));
    let services = guru_services::Services::read(usual.into_iter().chain(env::vars_os()));
    let services = services.map_err(|error| Error::setting(error.to_string()))?;
    let (blobs, servers, functions) = (services.clone(), services.clone(), services.clone());
    let stores = guru_host::Stores::new(move |name| services.open(name));
    let stores = stores.with_postgres(move |name| servers.postgres(name));
    let stores = stores.with_functions(move |name| functions.function(name));
    Ok(stores.with_blobs(move |name| blobs.blobs(name)))
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
        _ => Err(Error::setting(format!(
            "{name} is {said:?}: it is a number of {unit} from {} to {}",
            range.start(),
            range.end()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_leaves_room_for_its_host() {
        let usual = Limits::default().memory / 1024 / 1024;
        let cases = [
            (Some(128), None, 80, false),
            (Some(128), Some(64), 64, false),
            (Some(128), Some(80), 80, false),
            (Some(128), Some(81), 80, true),
            (Some(128), Some(4096), 80, true),
            (Some(1024), None, 976, false),
            (Some(10_240), None, 4096, false),
            (Some(10_240), Some(4096), 4096, false),
            (Some(32), None, 16, false),
            (Some(0), Some(1), 1, false),
            (None, Some(64), 64, false),
            (None, None, usual, false),
        ];
        for (lambda, asked, wanted, warns) in cases {
            let (bytes, warning) = memory(lambda, asked);
            assert_eq!(bytes, wanted * 1024 * 1024, "{lambda:?} {asked:?}");
            assert_eq!(warning.is_some(), warns, "{lambda:?} {asked:?}");
        }
    }
}
