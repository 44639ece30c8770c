//! The terminal: the only place that prints.

use std::io::{IsTerminal, Write};

use sim_reports::{Palette, Paper};

use crate::failure::Failure;

/// Prints results on standard output. If the reader has gone away, as `head` does, that is fine.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::Output(error)),
        _ => Ok(()),
    }
}

/// Standard output, for results that are too long to keep in memory.
pub fn output() -> impl Write {
    std::io::BufWriter::new(std::io::stdout().lock())
}

/// Prints diagnostics on standard error.
pub fn explain(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// Prints a message about a failure on standard error.
pub fn complain(message: &str) {
    explain(&format!("fusebox: {message}\n"));
}

/// Colours for standard output, if it can show them and the user does not object.
pub fn stdout_palette() -> Palette {
    palette(std::io::stdout().is_terminal())
}

/// Colours and columns for standard output: those of the terminal, or else of `COLUMNS`.
pub fn stdout_paper() -> Paper {
    let terminal = terminal_size::terminal_size_of(std::io::stdout());
    let terminal = terminal.map(|(width, _)| usize::from(width.0));
    let variable = || std::env::var("COLUMNS").ok()?.trim().parse().ok();
    let columns = terminal.or_else(variable).unwrap_or(Paper::COLUMNS);
    Paper::new(stdout_palette(), columns)
}

/// Colours for standard error, if it can show them and the user does not object.
pub fn stderr_palette() -> Palette {
    palette(std::io::stderr().is_terminal())
}

/// True if someone looks at standard error.
pub fn is_watched() -> bool {
    std::io::stderr().is_terminal()
}

/// Colours unless `NO_COLOR` is set; see <https://no-color.org>.
fn palette(is_terminal: bool) -> Palette {
    let is_unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if is_terminal && !is_unwanted { Palette::Coloured } else { Palette::Plain }
}
