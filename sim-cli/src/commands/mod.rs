//! The commands, one file each: its arguments with their help, and what it does.
//!
//! A new command is a new file here, a variant of [`Command`] and its arm in
//! [`Command::execute`]. Arguments that several commands share lie beside what they are for:
//! [`scenario`](crate::scenario), [`progress`](crate::progress), [`output`](crate::output).

mod check;
mod completions;
mod export;
mod import;
mod licenses;
mod merge;
mod new;
mod recommend;
mod run;
mod schema;
mod stability;
mod sweep;
mod test;

use clap::{Parser, Subcommand};

use crate::failure::Failure;
use crate::terminal::Manners;

const EXIT_CODES: &str = "\
Exit codes:
  0   fine
  1   an expectation failed, a timeline differs, or recommended settings miss a limit
  2   the input is wrong, or results cannot be written
  3   a limit, an interrupt or an abort condition stopped the run; the results so far are shown
  70  a bug in fusebox";

/// Simulates graphs of services and shows how one slow database becomes a platform outage.
///
/// Describe services, pools, timeouts, retries and breakers in one file, and see in milliseconds
/// what happens when something breaks, the same way every time.
#[derive(Debug, Parser)]
#[command(name = "fusebox", version, after_help = EXIT_CODES, subcommand_required = true, arg_required_else_help = true)]
pub struct Arguments {
    /// The command to execute.
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    pub manners: Manners,
}

/// All commands, in the order of the help.
#[derive(Debug, Subcommand)]
pub enum Command {
    Run(run::RunCommand),
    Check(check::CheckCommand),
    Test(test::TestCommand),
    Sweep(Box<sweep::SweepCommand>),
    Merge(merge::MergeCommand),
    Recommend(Box<recommend::RecommendCommand>),
    Stability(Box<stability::StabilityCommand>),
    New(new::NewCommand),
    Import(import::ImportCommand),
    Export(export::ExportCommand),
    Schema(schema::SchemaCommand),
    Completions(completions::CompletionsCommand),
    Licenses(licenses::LicensesCommand),
}

impl Command {
    /// Executes the command.
    pub fn execute(&self) -> Result<(), Failure> {
        match self {
            Self::Run(run) => run.execute(),
            Self::Check(check) => check.execute(),
            Self::Test(test) => test.execute(),
            Self::Sweep(sweep) => sweep.execute(),
            Self::Merge(merge) => merge.execute(),
            Self::Recommend(recommend) => recommend.execute(),
            Self::Stability(stability) => stability.execute(),
            Self::New(new) => new.execute(),
            Self::Import(import) => import.execute(),
            Self::Export(export) => export.execute(),
            Self::Schema(schema) => schema.execute(),
            Self::Completions(completions) => completions.execute(),
            Self::Licenses(licenses) => licenses.execute(),
        }
    }
}
