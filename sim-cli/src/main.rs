//! The command line of Fusebox.
#![forbid(unsafe_code)]

mod arguments;
mod check;
mod failure;
mod import;
mod new;
mod progress;
mod recommend;
mod run;
mod scenario;
mod stability;
mod sweep;
mod terminal;
mod test;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use arguments::{Arguments, Command};
use failure::Failure;

/// The exit code of a bug, as in sysexits.h.
const EXIT_BUG: i32 = 70;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        terminal::complain(&format!(
            "this is a bug: {panic}\nplease report it, with the scenario and the command"
        ));
        std::process::exit(EXIT_BUG);
    }));
    let arguments = Arguments::parse();
    let result = match &arguments.command {
        Command::Run(run) => run::run(run),
        Command::Check(check) => check::check(check),
        Command::Test(test) => test::test(test),
        Command::Sweep(sweep) => sweep::sweep(sweep),
        Command::Merge(merge) => sweep::merge(merge),
        Command::Recommend(recommend) => recommend::recommend(recommend),
        Command::Stability(stability) => stability::stability(stability),
        Command::New(new) => new::new(new),
        Command::Import(import) => import::import(import),
        Command::Schema => terminal::print(
            &(serde_json::to_string_pretty(&sim_models::scenario::json_schema())
                .unwrap_or_default()
                + "\n"),
        ),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Arguments::command(), "fusebox", &mut script);
            terminal::print(&String::from_utf8_lossy(&script))
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

impl Failure {
    /// Says what went wrong, in the one place that does, and gives the exit code that goes with it.
    fn report(&self) -> ExitCode {
        if let Some(message) = self.message() {
            terminal::complain(&message);
        }
        ExitCode::from(self.exit_code())
    }
}
