//! `fusebox licenses`.

use clap::Args;

use crate::failure::Failure;
use crate::terminal;

/// A test of the workspace writes the file, and compares it with what the program is made of.
const NOTICES: &str = include_str!("../../../THIRD-PARTY.md");

/// Print the licenses of everything that this program contains
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  fusebox licenses > THIRD-PARTY.md")]
pub struct LicensesCommand {}

impl LicensesCommand {
    /// Prints the notices.
    #[allow(clippy::unused_self, reason = "commands are executed alike")]
    pub fn execute(&self) -> Result<(), Failure> {
        terminal::print(NOTICES)
    }
}
