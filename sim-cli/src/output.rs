//! Options on how results are printed and where they are written.

use std::path::PathBuf;

use clap::{Arg, Args, ValueEnum};

/// The option `--format` of a command that prints a report.
#[derive(Debug, Args)]
pub struct FormatOption {
    /// Print the report as text or as JSON
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    pub format: ReportFormat,
}

/// The formats of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// The option `--out`. A command [describes](describe) the files that it writes.
#[derive(Debug, Args)]
pub struct OutOption {
    /// Also write all results into this folder
    #[arg(id = "out", long = "out", value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

/// Gives an argument that commands share its own help in one of them, as in
/// `#[command(mut_args(describe("out", "Also write ...")))]`.
pub fn describe(id: &'static str, help: &'static str) -> impl FnMut(Arg) -> Arg {
    move |argument| if argument.get_id() == id { argument.help(help) } else { argument }
}

/// Lets a write beyond the largest size of a file (`ulimit -f`) fail, as on a full disk. Without a handler, the signal for
/// it ends the process in the middle of a file.
#[cfg(unix)]
pub fn survive_the_largest_file() {
    // Without the handler, nothing is worse than before.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, std::sync::Arc::default());
}
