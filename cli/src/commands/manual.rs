//! Shell completions and manual pages, generated from clap's definition of the command line.

use std::{fs, io, path::Path};

use anyhow::{Context as _, Result};
use clap::CommandFactory as _;
use clap_mangen::Man;

use crate::args::{self, Args};

/// Prints a shell's completions. Always returns true; failures are errors.
pub fn completions(options: &args::Completions) -> Result<bool> {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut Args::command(), "guru", &mut script);
    print(&script)
}

/// Prints the manual page, or writes one for each command. Always returns true; failures are errors.
pub fn man(options: &args::Man) -> Result<bool> {
    let Some(folder) = &options.out else {
        let mut page = Vec::new();
        Man::new(Args::command())
            .render(&mut page)
            .context("cannot make the manual page")?;
        return print(&page);
    };
    write(folder)?;
    Ok(true)
}

fn write(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    clap_mangen::generate_to(Args::command(), folder)
        .with_context(|| format!("cannot write manual pages into {}", folder.display()))
}

/// Prints `text`. A closed pipe (`| head`) is not an error.
fn print(text: &[u8]) -> Result<bool> {
    match io::Write::write_all(&mut io::stdout(), text) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("cannot print")
        }
        _ => Ok(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_has_a_page_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path()).unwrap();
        for command in Args::command().get_subcommands() {
            let page = folder.path().join(format!("guru-{}.1", command.get_name()));
            let text = fs::read_to_string(&page).unwrap();
            assert!(text.contains("Exit codes"), "{}", page.display());
        }
        assert!(folder.path().join("guru.1").is_file());
    }
}
