//! `fusebox new`.

use std::fs::OpenOptions;
use std::io::Write;

use crate::arguments::New;
use crate::failure::Failure;
use crate::terminal;

/// A small system with one guard, explained line by line.
const TEMPLATE: &str = include_str!("template.yaml");

/// Writes the template; an existing file is left alone.
pub fn new(arguments: &New) -> Result<(), Failure> {
    let Some(path) = &arguments.file else { return terminal::print(TEMPLATE) };
    let refused = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Failure::Usage(format!("{} is already there; nothing was changed", path.display()))
        }
        _ => Failure::Usage(format!("cannot write {}: {error}", path.display())),
    };
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(refused)?;
    file.write_all(TEMPLATE.as_bytes()).map_err(refused)?;
    terminal::print(&format!("wrote {0}; try it with: fusebox run {0}\n", path.display()))
}
