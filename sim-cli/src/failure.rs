//! The ways in which a command fails, their messages and their exit codes.

use std::path::PathBuf;
use std::process::ExitCode;

use sim_experiments::Interrupted;
use sim_models::scenario::NotUtf8;
use sim_reports::files::WriteError;
use sim_reports::journal::JournalError;
use sim_reports::printable;
use thiserror::Error;

use crate::terminal;

/// The exit code of a bug, as in sysexits.h.
const EXIT_BUG: i32 = 70;

/// The failure of a command. Each kind has its documented exit code.
#[derive(Debug, Error)]
pub enum Failure {
    /// A scenario has errors, which have been shown.
    #[error("the scenario has errors")]
    Scenario,
    /// A file cannot be read.
    #[error("cannot read {}: {cause}", printable::path(path))]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        cause: std::io::Error,
    },
    /// A file is no text.
    #[error("cannot read {}:{}:{}: {reason}", printable::path(path), reason.line, reason.column)]
    NoText {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: NotUtf8,
    },
    /// A file that nobody has named lies elsewhere than in its folder. Nothing of it is shown: it may be a secret.
    #[error(
        "cannot read {}: it leads out of {}; put the file there, or allow its folder with --allow-include",
        printable::path(path),
        printable::path(folder)
    )]
    Outside {
        /// The file.
        path: PathBuf,
        /// The folder.
        folder: PathBuf,
    },
    /// An expectation failed or a timeline differs from the committed one, which has been shown.
    #[error("a test failed")]
    Test,
    /// Nothing was found that meets every limit; what comes closest has been shown.
    #[error("nothing was found that meets every limit")]
    Unmet,
    /// Nothing was found that meets every limit, and so nothing is exported.
    #[error(
        "nothing was found that meets every limit, so nothing is exported; --even-if-unmet exports what comes closest"
    )]
    NotExported,
    /// The arguments make no sense together.
    #[error("{0}")]
    Usage(String),
    /// Results cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A limit or the user stopped a run. Results so far have been shown.
    #[error("stopped early")]
    Stopped,
    /// Standard output cannot be written.
    #[error("cannot write the results: {0}")]
    Output(std::io::Error),
}

impl From<Interrupted> for Failure {
    fn from(Interrupted: Interrupted) -> Self {
        Self::Stopped
    }
}

impl Failure {
    /// Prints the message and returns the exit code.
    pub fn report(&self) -> ExitCode {
        if let Some(message) = self.message() {
            terminal::complain(&message);
        }
        ExitCode::from(self.exit_code())
    }

    /// The exit code, as the help of `fusebox` lists them.
    fn exit_code(&self) -> u8 {
        match self {
            Self::Test | Self::Unmet | Self::NotExported => 1,
            Self::Scenario
            | Self::Read { .. }
            | Self::NoText { .. }
            | Self::Outside { .. }
            | Self::Usage(_)
            | Self::Write(_)
            | Self::Journal(_)
            | Self::Output(_) => 2,
            Self::Stopped => 3,
        }
    }

    /// The message to print; `None` if the command has said everything.
    fn message(&self) -> Option<String> {
        match self {
            Self::Scenario | Self::Stopped | Self::Test | Self::Unmet => None,
            other => Some(other.to_string()),
        }
    }
}

/// From now on, a panic prints that it is a bug and ends the process with the exit code of one.
pub fn report_panics_as_bugs() {
    std::panic::set_hook(Box::new(|panic| {
        terminal::complain(&format!(
            "this is a bug: {panic}\nplease report it, with the scenario and the command"
        ));
        std::process::exit(EXIT_BUG);
    }));
}
