//! The command line of Fusebox.
#![forbid(unsafe_code)]

mod applied;
mod chosen;
mod commands;
mod configurations;
mod failure;
mod formats;
mod output;
mod progress;
mod scenario;
mod terminal;

use std::process::ExitCode;
use std::thread::Builder;

use clap::Parser;

/// The stack of the thread that does everything, as of most main threads.
const STACK: usize = 8 << 20;

/// Carries out the command on a thread of its own, whose stack does not depend on `ulimit -s`; if there can be none,
/// on this one.
fn main() -> ExitCode {
    let main = Builder::new().name("main".into()).stack_size(STACK).spawn(carry_out);
    main.map_or_else(
        |_| carry_out(),
        |thread| thread.join().expect("a panic has ended the process"),
    )
}

fn carry_out() -> ExitCode {
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
