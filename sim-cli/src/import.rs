//! `fusebox import`.

use sim_models::import::{Configuration, Format, import as read};
use sim_reports::{diagnostics, imported};

use crate::arguments::{Import, ImportFormat};
use crate::failure::Failure;
use crate::{scenario, terminal};

/// Prints the calls that configurations stand for; nothing if any of them cannot be read.
pub fn import(arguments: &Import) -> Result<(), Failure> {
    let format = match arguments.format {
        ImportFormat::Resilience4j => Format::Resilience4j,
        ImportFormat::Istio => Format::Istio,
        ImportFormat::Envoy => Format::Envoy,
        ImportFormat::Polly => Format::Polly,
    };
    let files: Vec<Configuration> = arguments
        .files
        .iter()
        .map(|file| {
            scenario::input(file).map(|input| Configuration { name: input.name, text: input.text })
        })
        .collect::<Result<_, _>>()?;
    let calls = read(format, &files);
    if !calls.problems.is_empty() {
        terminal::explain(&diagnostics::render(
            &calls.problems,
            &calls.sources,
            terminal::stderr_palette(),
        ));
        return Err(Failure::Scenario);
    }
    terminal::print(&imported::render(&calls, &arguments.caller))
}
