//! A PostgreSQL server on the loopback interface, for functions with such a database.

use std::{
    fs::{self, File},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

use crate::{child, files, home::Home, items::npm, leash::Leash, port, tool};

/// How long a server may take to be ready. It recovers first what it had not written when it was killed.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks at whether it is ready.
const PAUSE: Duration = Duration::from_millis(50);

/// The variable that names the folder of its programs.
const VARIABLE: &str = "POSTGRES_BIN";

pub use crate::settings::POSTGRES as SETTING;

/// Its only user, and the user's database.
const USER: &str = "guru";

/// How many bytes of its log are shown.
const TAIL: usize = 2000;

/// The folder of the server's programs: the one that `POSTGRES_BIN` names, that of `guru setup`, one on PATH, or Debian's newest.
#[must_use]
pub fn programs(home: &Home) -> Option<PathBuf> {
    let found = tool::find(VARIABLE, || {
        npm::postgres(home).or_else(on_path).or_else(debian)
    });
    found.filter(|folder| folder.join("initdb").is_file())
}

/// The same, where they run: root is another user to them, which not every machine allows.
///
/// # Errors
///
/// When there are none, or they do not, with the reason.
pub fn runs(home: &Home) -> Result<PathBuf> {
    let programs = programs(home)
        .context("there is no PostgreSQL: `guru setup` gets one, or POSTGRES_BIN names one")?;
    let mut command = command(&programs, "postgres");
    child::output(command.arg("--version")).context("PostgreSQL does not run here")?;
    Ok(programs)
}

fn on_path() -> Option<PathBuf> {
    let found = fs::canonicalize(which::which("initdb").ok()?).ok()?;
    found.parent().map(Into::into)
}

fn debian() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    let number = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = versions.map(|version| version.path()).max_by_key(number)?;
    Some(newest.join("bin"))
}

/// The address without what is the options of our own client.
#[must_use]
pub fn plain(url: &str) -> String {
    let Some((place, query)) = url.split_once('?') else {
        return url.to_owned();
    };
    let is_ours = |pair: &&str| {
        ["pool=", "sslrootcert="]
            .iter()
            .any(|own| pair.starts_with(own))
    };
    let rest: Vec<_> = query.split('&').filter(|pair| !is_ours(pair)).collect();
    if rest.is_empty() {
        place.to_owned()
    } else {
        format!("{place}?{}", rest.join("&"))
    }
}

/// The host and the port of an address.
#[must_use]
pub fn host_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let place = rest.split(['/', '?']).next()?;
    Some(place.rsplit_once('@').map_or(place, |(_, host)| host))
}

/// A running server. One that was started here ends with this.
#[derive(Debug)]
pub struct Server {
    _process: Option<Leash>,
    url: String,
}

impl Server {
    /// Starts the server whose data is in this folder, which is made where there is none; or finds it running.
    ///
    /// # Errors
    ///
    /// When it does not start, with what it said.
    pub fn start(programs: &Path, folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let folder = fs::canonicalize(folder)?;
        // Of two at once, one makes the data and starts the server, and the other one finds it running.
        let _alone = files::lock(&folder.join("lock"), || {})?;
        let (data, log) = (folder.join("data"), folder.join("log"));
        let password = folder.join("password");
        if !data.is_dir() {
            // Under another name until it is whole.
            let draft = folder.join("data.new");
            initialise(programs, &draft, &password, &log)?;
            fs::rename(&draft, &data).with_context(|| format!("cannot make {}", data.display()))?;
        }
        let url = |port: u16| {
            let password = files::read(&password)?;
            let password = password.trim();
            anyhow::Ok(format!(
                "postgres://{USER}:{password}@127.0.0.1:{port}/{USER}"
            ))
        };
        if let Some(port) = ready(&data)
            && TcpStream::connect(("127.0.0.1", port)).is_ok()
        {
            return Ok(Self {
                _process: None,
                url: url(port)?,
            });
        }
        // PostgreSQL goes by the number alone, which may be another process's by now.
        forget(&data)?;
        let port = port::free()?;
        let mut command = command(programs, "postgres");
        command
            .arg("-D")
            .arg(&data)
            .args(["-c", "listen_addresses=127.0.0.1", "-c"])
            .arg(format!("port={port}"))
            // A socket's path has a limit of 107 bytes, and a project's folder has none.
            .args(["-c", "unix_socket_directories="]);
        said_to(&mut command, &log)?;
        let process = Leash::interrupted(&mut command)
            .with_context(|| format!("cannot start {}", programs.join("postgres").display()))?;
        let deadline = Instant::now() + PATIENCE;
        while ready(&data) != Some(port) {
            if process.ended()?.is_some() || Instant::now() > deadline {
                bail!(
                    "PostgreSQL does not start on {}; it said:\n{}",
                    data.display(),
                    tail(&log)
                );
            }
            thread::sleep(PAUSE);
        }
        Ok(Self {
            _process: Some(process),
            url: url(port)?,
        })
    }

    /// The address of its database.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

fn initialise(programs: &Path, data: &Path, password: &Path, log: &Path) -> Result<()> {
    // What an initialisation has left that was broken off.
    files::remove(data)?;
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(password)?;
    std::io::Write::write_all(&mut file, secret()?.as_bytes())?;
    drop(file);
    let mut command = command(programs, "initdb");
    command.arg("-D").arg(data).arg("--pwfile").arg(password);
    command.args(["-U", USER, "-A", "scram-sha-256", "-E", "UTF8"]);
    command.args(["--no-locale", "--no-sync"]);
    said_to(&mut command, log)?;
    let status = Leash::spawn(&mut command)
        .and_then(|running| running.wait())
        .with_context(|| format!("cannot run {}", programs.join("initdb").display()))?;
    if !status.success() {
        bail!("initdb has failed; it said:\n{}", tail(log));
    }
    // The database of the user, by the server in a mode without connections.
    let mut command = self::command(programs, "postgres");
    command.args(["--single", "-D"]).arg(data).arg("postgres");
    said_to(&mut command, log)?;
    command.stdin(Stdio::piped());
    let running = Leash::spawn(&mut command)?;
    let input = running.child().stdin.take();
    let mut input = input.context("no way to talk to PostgreSQL")?;
    std::io::Write::write_all(&mut input, format!("CREATE DATABASE {USER}\n").as_bytes())?;
    drop(input);
    if !running.wait()?.success() {
        bail!("PostgreSQL makes no database; it said:\n{}", tail(log));
    }
    Ok(())
}

/// 128 random bits in hexadecimal.
fn secret() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).context("no random bytes")?;
    Ok(hex::encode(bytes))
}

/// A program of the server's, which refuses to be run by root: for it, root is another user then.
fn command(programs: &Path, name: &str) -> Command {
    let program = programs.join(name);
    #[cfg(target_os = "linux")]
    if rustix::process::geteuid().is_root() {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-user=1000", "--map-group=1000", "--"]);
        command.arg(program);
        return command;
    }
    Command::new(program)
}

fn said_to(command: &mut Command, log: &Path) -> Result<()> {
    let out = File::create(log).with_context(|| format!("cannot create {}", log.display()))?;
    command
        .stdin(Stdio::null())
        .stdout(out.try_clone()?)
        .stderr(out);
    Ok(())
}

/// The port of a server that is ready: the fourth line of its file, whose eighth says so
/// (<https://www.postgresql.org/docs/current/storage-file-layout.html>, `src/include/utils/pidfile.h`). What a server leaves behind
/// that was killed looks like it: the first line is the process.
fn ready(data: &Path) -> Option<u16> {
    let text = fs::read_to_string(data.join("postmaster.pid")).ok()?;
    let mut lines = text.lines();
    let is_alive = is_alive(lines.next()?.trim().parse().ok()?);
    let port = lines.nth(2)?.trim().parse().ok()?;
    (is_alive && lines.nth(3)?.trim() == "ready").then_some(port)
}

/// Removes the file of a server that is no more.
fn forget(data: &Path) -> Result<()> {
    let path = data.join("postmaster.pid");
    let text = fs::read_to_string(&path).unwrap_or_default();
    let process = text
        .lines()
        .next()
        .and_then(|line| line.trim().parse().ok());
    let Some(process) = process else {
        return Ok(());
    };
    let name = fs::read_to_string(format!("/proc/{process}/comm"));
    let is_other = name.is_ok_and(|name| name.trim() != "postgres");
    if is_other || !is_alive(process) {
        files::remove(&path)?;
    }
    Ok(())
}

#[cfg(unix)]
fn is_alive(process: i32) -> bool {
    let process = rustix::process::Pid::from_raw(process);
    process.is_some_and(|process| rustix::process::test_kill_process(process).is_ok())
}

#[cfg(not(unix))]
fn is_alive(_: i32) -> bool {
    true
}

fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let from = text.len().saturating_sub(TAIL);
    let from = (from..text.len()).find(|at| text.is_char_boundary(*at));
    from.and_then(|from| text.get(from..))
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart() {
        let url =
            "postgres://me:a%40b@db.example.com:5433/db?pool=3&sslmode=require&sslrootcert=a.pem";
        assert_eq!(host_of(url), Some("db.example.com:5433"));
        assert_eq!(
            plain(url),
            "postgres://me:a%40b@db.example.com:5433/db?sslmode=require"
        );
        assert_eq!(plain("postgres://a/b?pool=3"), "postgres://a/b");
        assert_eq!(host_of("postgres://a/b"), Some("a"));
    }
}
