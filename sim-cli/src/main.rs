//! The command line of Fusebox.
#![forbid(unsafe_code)]

mod applied;
mod commands;
mod configurations;
mod failure;
mod formats;
mod output;
mod progress;
mod scenario;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    failure::report_panics_as_bugs();
    #[cfg(unix)]
    output::survive_the_largest_file();
    match commands::Arguments::try_parse() {
        Ok(arguments) => match arguments.command.execute() {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => failure.report(),
        },
        Err(refusal) => terminal::answer(&refusal),
    }
}
