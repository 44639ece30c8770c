//! `fusebox merge`.

use std::path::PathBuf;

use clap::Args;
use sim_reports::journal::check_not_being_written;
use sim_reports::sweep::{JOURNAL, Journal};

use super::sweep::SweepOutput;
use crate::failure::Failure;
use crate::output::describe;

const FILES: &str =
    "Also write points.csv, points.parquet, sweep.json, plots and the journal into this folder";

/// Merge the parts of a sweep that several machines have done
#[derive(Debug, Args)]
#[command(
    mut_args(describe("out", FILES)),
    after_help = "Example:
  fusebox sweep shop.yaml --shard 1/2 --out part1/     # on one machine
  fusebox sweep shop.yaml --shard 2/2 --out part2/     # on another
  fusebox merge part1/ part2/ --out results/           # the same files as from one machine"
)]
pub struct MergeCommand {
    /// The folders of all parts
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
    #[command(flatten)]
    output: SweepOutput,
}

impl MergeCommand {
    /// Puts the parts of a sweep together, and reports what the whole sweep shows.
    pub fn execute(&self) -> Result<(), Failure> {
        if let Some(folder) = self.output.folder() {
            check_not_being_written(&folder.join(JOURNAL))?;
        }
        let journals: Vec<Journal> = self
            .folders
            .iter()
            .map(|folder| Journal::open(&folder.join(JOURNAL)))
            .collect::<Result<_, _>>()?;
        for journal in &journals[1..] {
            journal.check_goes_with(&journals[0])?;
        }
        self.output.show(&journals[0].header().whole(), &journals)
    }
}
