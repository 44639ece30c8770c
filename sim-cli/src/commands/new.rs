//! `fusebox new`.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use sim_reports::printable;

use crate::failure::Failure;
use crate::terminal;

/// A small system with one guard, explained line by line.
const TEMPLATE: &str = include_str!("new.yaml");

/// Write a small commented scenario to start from
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  fusebox new shop.yaml && fusebox run shop.yaml")]
pub struct NewCommand {
    /// The file to write, which must not exist yet [default: standard output]
    file: Option<PathBuf>,
}

impl NewCommand {
    /// Writes the scenario. An existing file is left alone.
    pub fn execute(&self) -> Result<(), Failure> {
        let Some(path) = &self.file else { return terminal::print(TEMPLATE) };
        let failed = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => Failure::Usage(format!(
                "{} exists already and was not changed; choose another name",
                printable::path(path)
            )),
            _ => Failure::Usage(format!("cannot write {}: {error}", printable::path(path))),
        };
        let mut file =
            OpenOptions::new().write(true).create_new(true).open(path).map_err(failed)?;
        file.write_all(TEMPLATE.as_bytes()).map_err(failed)?;
        terminal::print(&format!(
            "wrote {0}; try it with: fusebox run {0}\n",
            printable::path(path)
        ))
    }
}
