//! The terminal: the only place that prints. Every text passes through [`printable`], so that none can do to a terminal
//! what only we may, which is to colour it.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use sim_reports::{Palette, Paper, printable};

use crate::failure::Failure;

/// Prints results without colours on standard output. If the reader has gone away, as `head` does, that is fine.
pub fn print(text: &str) -> Result<(), Failure> {
    write(&printable::terminal(text, Palette::Plain))
}

/// Prints a report, which may have the colours of [`stdout_palette`].
pub fn print_report(text: &str) -> Result<(), Failure> {
    write(&printable::terminal(text, stdout_palette()))
}

fn write(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    unless_gone(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()))
}

/// Fails unless everything was written, or nobody reads any more.
fn unless_gone(written: std::io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::Output(error)),
        _ => Ok(()),
    }
}

/// Standard output, for tables and documents that are too long to keep in memory. Their cells and texts are
/// [printable] before they are written.
pub fn output() -> impl Write {
    std::io::BufWriter::new(std::io::stdout().lock())
}

/// Writes what is left of a table or document.
pub fn finish(mut out: impl Write) -> Result<(), Failure> {
    unless_gone(out.flush())
}

/// Prints diagnostics on standard error, which may have the colours of [`stderr_palette`].
pub fn explain(text: &str) {
    let text = printable::terminal(text, stderr_palette());
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// Prints a message about a failure on standard error.
pub fn complain(message: &str) {
    explain(&printable::terminal(&format!("fusebox: {message}\n"), Palette::Plain));
}

/// Prints the help or the version if that is what the arguments ask for, and otherwise what is wrong with them.
pub fn answer(arguments: &clap::Error) -> ExitCode {
    let text = arguments.render();
    let in_colours = |palette| match palette {
        Palette::Plain => text.to_string(),
        Palette::Coloured => text.ansi().to_string(),
    };
    if arguments.use_stderr() {
        explain(&in_colours(stderr_palette()));
        return ExitCode::from(EXIT_USAGE);
    }
    match print_report(&in_colours(stdout_palette())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// The exit code of wrong input.
const EXIT_USAGE: u8 = 2;

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
