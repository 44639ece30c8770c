//! Reading scenario files and showing what is wrong with them.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sim_experiments::Case;
use sim_models::scenario::{Input, Loaded, Overrides, Problem, check, load};
use sim_models::system::Blueprint;
use sim_reports::diagnostics;

use crate::arguments::Scenarios;
use crate::failure::Failure;
use crate::terminal;

/// A scenario that was read, and whether anything is wrong with it.
pub struct Scenario {
    pub blueprint: Option<Arc<Blueprint>>,
    pub problems: usize,
}

/// Reads all scenarios to run them and shows the problems of each; those with errors have no
/// blueprint.
pub fn read_all(scenarios: &Scenarios, more_settings: &[String]) -> Result<Vec<Scenario>, Failure> {
    let settings = [scenarios.settings.as_slice(), more_settings].concat();
    let overrides =
        Overrides { variant: scenarios.variant.clone(), settings, ..Overrides::default() };
    scenarios.files.iter().map(|file| Ok(shown(load(&input(file)?, &overrides)))).collect()
}

/// Reads all scenarios with all their variants and shows the problems of each.
pub fn check_all(scenarios: &Scenarios) -> Result<Vec<Scenario>, Failure> {
    let overrides = Overrides {
        variant: scenarios.variant.clone(),
        settings: scenarios.settings.clone(),
        ..Overrides::default()
    };
    scenarios.files.iter().map(|file| Ok(shown(check(&input(file)?, &overrides)))).collect()
}

/// The cases of a scenario file: as it is written, and each variant. If a case has errors its
/// problems are shown, those that several cases share once; warnings alone are left to `fusebox
/// check`.
pub fn cases_of(file: &Path, overrides: &Overrides) -> Result<Vec<Case>, Failure> {
    let cases = sim_experiments::cases(&input(file)?, overrides);
    let mut seen: Vec<Problem> = Vec::new();
    for case in cases.iter().filter(|case| case.loaded.blueprint.is_none()) {
        let news: Vec<Problem> = case
            .loaded
            .problems
            .iter()
            .filter(|problem| !seen.contains(problem))
            .cloned()
            .collect();
        terminal::explain(&diagnostics::render(
            &news,
            &case.loaded.sources,
            terminal::stderr_palette(),
        ));
        seen.extend(news);
    }
    Ok(cases)
}

fn shown(loaded: Loaded) -> Scenario {
    terminal::explain(&diagnostics::render(
        &loaded.problems,
        &loaded.sources,
        terminal::stderr_palette(),
    ));
    Scenario { blueprint: loaded.blueprint, problems: loaded.problems.len() }
}

/// Shows the errors of several readings of a file, each once.
pub fn explain_once(readings: &[Loaded]) {
    let mut seen: Vec<Problem> = Vec::new();
    for loaded in readings {
        let is_news = |problem: &&Problem| {
            problem.is_error() && seen.iter().all(|known| known.message != problem.message)
        };
        let news: Vec<Problem> = loaded.problems.iter().filter(is_news).cloned().collect();
        terminal::explain(&diagnostics::render(&news, &loaded.sources, terminal::stderr_palette()));
        seen.extend(news);
    }
}

/// The text of a file, or of standard input if that is `-`.
pub fn input(file: &Path) -> Result<Input, Failure> {
    let failed = |cause| Failure::Read { path: file.to_owned(), cause };
    let mut bytes = Vec::new();
    let is_stdin = file == Path::new("-");
    if is_stdin {
        std::io::stdin().read_to_end(&mut bytes).map_err(failed)?;
    } else {
        bytes = std::fs::read(file).map_err(failed)?;
    }
    let text = String::from_utf8(bytes)
        .map_err(|error| failed(std::io::Error::other(format!("not UTF-8 text: {error}"))))?;
    let folder = if is_stdin {
        PathBuf::from(".")
    } else {
        file.parent().map_or_else(PathBuf::new, Path::to_path_buf)
    };
    let name = if is_stdin { "standard input".to_owned() } else { file.display().to_string() };
    Ok(Input { name, text, folder })
}
