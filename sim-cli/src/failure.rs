//! How a command fails, and with which exit code.

use std::path::PathBuf;

use sim_reports::files::WriteError;
use sim_reports::sweep::JournalError;
use thiserror::Error;

/// Why a command failed. Each kind has its documented exit code.
#[derive(Debug, Error)]
pub enum Failure {
    /// A scenario has errors; they have been shown.
    #[error("the scenario has errors")]
    Scenario,
    /// A file cannot be read.
    #[error("cannot read {path}: {cause}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// An expectation failed, or a timeline is not as committed; it has been shown.
    #[error("a test failed")]
    Test,
    /// Something asked for makes no sense.
    #[error("{0}")]
    Usage(String),
    /// Results cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The journal of a sweep is of no use.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A limit or the user stopped a run; what was simulated has been shown.
    #[error("stopped early")]
    Stopped,
    /// Standard output cannot be written.
    #[error("cannot write the results: {0}")]
    Output(std::io::Error),
}

impl Failure {
    /// 1 for a failed test, 2 for wrong input, 3 for a run that was stopped, as the help says.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Test => 1,
            Self::Scenario
            | Self::Read { .. }
            | Self::Usage(_)
            | Self::Write(_)
            | Self::Journal(_)
            | Self::Output(_) => 2,
            Self::Stopped => 3,
        }
    }

    /// What to say, unless it has been said already.
    pub fn message(&self) -> Option<String> {
        match self {
            Self::Scenario | Self::Stopped | Self::Test => None,
            other => Some(other.to_string()),
        }
    }
}
