//! The terminal: the only place that prints. Every text passes through [`printable`], so that none can do to a terminal
//! what only we may, which is to colour it.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::OnceLock;

use clap::{Args, ValueEnum};
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

/// The ways to show the progress of long work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Bars, for someone who looks at a terminal.
    Bars,
    /// A line now and then, for a log.
    Lines,
    /// None.
    Hidden,
}

/// The way to show progress on standard error.
pub fn progress() -> Progress {
    if manners().quiet || is_set("FUSEBOX_QUIET") {
        Progress::Hidden
    } else if std::io::stderr().is_terminal() {
        Progress::Bars
    } else {
        Progress::Lines
    }
}

/// The times at which a terminal gets colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Colours {
    /// If it is a terminal, unless `NO_COLOR` is set; always if `CLICOLOR_FORCE` is.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How to behave towards whoever reads the output.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct Manners {
    /// When to use colours.
    #[arg(
        help = "Use colours: auto, on a terminal unless NO_COLOR is set, and if CLICOLOR_FORCE is; always; \
                or never",
        long = "color",
        alias = "colour",
        value_enum,
        value_name = "WHEN",
        default_value_t,
        global = true,
        hide_possible_values = true,
        hide_default_value = true,
        display_order = 1000
    )]
    colours: Colours,
    /// True if no progress is shown.
    #[arg(
        help = "Show no progress of long work on standard error; FUSEBOX_QUIET=1 does the same",
        long,
        global = true,
        display_order = 1001
    )]
    quiet: bool,
}

/// What the user has chosen for this process.
static MANNERS: OnceLock<Manners> = OnceLock::new();

/// Behaves as the user has chosen, from now on.
pub fn behave(manners: Manners) {
    // Only the first choice counts, and there is one.
    let _ = MANNERS.set(manners);
}

fn manners() -> Manners {
    MANNERS.get().copied().unwrap_or_default()
}

fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty() && value != "0")
}

/// Colours as chosen; if that is left to us, as <https://no-color.org> and <https://bixense.com/clicolors> have it.
fn palette(is_terminal: bool) -> Palette {
    let is_unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let is_coloured = match manners().colours {
        Colours::Always => true,
        Colours::Never => false,
        Colours::Auto => !is_unwanted && (is_terminal || is_set("CLICOLOR_FORCE")),
    };
    if is_coloured { Palette::Coloured } else { Palette::Plain }
}
