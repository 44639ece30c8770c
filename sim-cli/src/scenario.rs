//! Scenario files: the arguments that name and change them, reading them, and showing what is wrong
//! with them.

use std::fs::File;
use std::path::{Path, PathBuf};

use clap::Args;
use sim_experiments::{Case, Unready};
use sim_models::scenario::{
    Folder, Input, Loaded, Overrides, Problem, Request, Sources, Unread, check, load,
    read_within_limit, utf_8,
};
use sim_reports::diagnostics;

use crate::chosen::{Chosen, scenario_files};
use crate::failure::Failure;
use crate::terminal;

/// Scenario files, and changes to each of them.
#[derive(Debug, Args)]
pub struct ScenarioFiles {
    /// Scenario files, and folders of them with those in their folders that expect something; - reads
    /// standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub changes: Changes,
}

/// The one scenario file of an analysis, and changes to it.
#[derive(Debug, Args)]
pub struct ScenarioFile {
    /// The scenario file; - reads standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    #[command(flatten)]
    pub changes: Changes,
}

/// Changes to a scenario.
#[derive(Debug, Args)]
pub struct Changes {
    /// Apply a named variant of the scenario
    #[arg(long, value_name = "NAME")]
    pub variant: Option<String>,
    /// Override a value; can be given several times, null removes it
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub settings: Vec<String>,
    /// Let the scenario also read files below this folder; otherwise only below its own. Can be given
    /// several times
    #[arg(long = "allow-include", value_name = "DIR")]
    allowed: Vec<PathBuf>,
}

/// The option `--seed`.
#[derive(Debug, Args)]
pub struct SeedOption {
    /// Use this seed instead of the file's
    #[arg(long)]
    seed: Option<u64>,
}

/// The option `--duration`.
#[derive(Debug, Args)]
pub struct DurationOption {
    /// Simulate this long instead, such as 10m
    #[arg(long)]
    duration: Option<String>,
}

/// The options that replay one run of a recommendation or another analysis.
#[derive(Debug, Args)]
pub struct ReplayOptions {
    /// Apply this condition of `goals:`, such as peak, or those that come together under this name
    #[arg(long, value_name = "NAME")]
    pub condition: Option<String>,
    /// Run this replication of the seed: other random numbers, as a report of many runs numbers them
    /// [default: 0]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub replication: u64,
}

impl ReplayOptions {
    /// The overrides that apply the condition, if there is one, after all others.
    pub fn applied_to(&self, overrides: Overrides) -> Overrides {
        let request = self.condition.clone().map_or(Request::Run, Request::Condition);
        Overrides { request, ..overrides }
    }
}

impl ScenarioFiles {
    /// The files, those in folders one by one.
    pub fn chosen(&self) -> Result<Vec<Chosen>, Failure> {
        scenario_files(&self.files, &self.changes)
    }

    /// Reads a file to run it, and shows its problems.
    pub fn load(&self, file: &Chosen, overrides: &Overrides) -> Result<Loaded, Failure> {
        Ok(shown(load(&file.input(&self.changes)?, overrides)))
    }

    /// Reads a file with all its variants, and shows the problems.
    pub fn check(&self, file: &Chosen) -> Result<Loaded, Failure> {
        Ok(shown(check(&file.input(&self.changes)?, &self.changes.overrides([]))))
    }
}

impl ScenarioFile {
    /// Reads the text.
    pub fn input(&self) -> Result<Input, Failure> {
        self.changes.input(&self.file)
    }
}

impl Changes {
    /// The text of a scenario file.
    pub fn input(&self, file: &Path) -> Result<Input, Failure> {
        let Input { name, text, folder } = input(file)?;
        Ok(Input { name, text, folder: folder.allowing(&self.allowed) })
    }

    /// The text of a scenario file that was found in a folder: it must lie there, behind all links, and so must the
    /// folder that it is in, to which its includes and its timeline are relative.
    pub fn input_within(&self, file: &Path, folder: &Path) -> Result<Input, Failure> {
        let within = self.folder(folder);
        let refused = |why| unread(file, folder, why);
        let bytes = within.read(file).map_err(refused)?;
        let parent = file.parent().unwrap_or(Path::new(""));
        within.real(or_here(parent)).map_err(refused)?;
        let text = text(file, bytes)?;
        Ok(Input { name: file.display().to_string(), text, folder: self.folder(parent) })
    }

    /// A folder, with the others that are allowed.
    pub fn folder(&self, path: &Path) -> Folder {
        Folder::from(path).allowing(&self.allowed)
    }

    /// The overrides that make these changes, and then give `more` settings their values.
    pub fn overrides(&self, more: impl IntoIterator<Item = String>) -> Overrides {
        Overrides {
            variant: self.variant.clone(),
            settings: self.settings.iter().cloned().chain(more).collect(),
            request: Request::default(),
        }
    }
}

impl SeedOption {
    /// The setting that the option stands for.
    pub fn setting(&self) -> Option<String> {
        self.seed.map(|seed| format!("run.seed={seed}"))
    }
}

impl DurationOption {
    /// The setting that the option stands for.
    pub fn setting(&self) -> Option<String> {
        self.duration.as_ref().map(|duration| format!("run.duration={duration}"))
    }
}

/// Reads a scenario file as it is written and with each variant. If a case has errors its problems
/// are shown, those that several cases share only once. Warnings alone are left to `fusebox check`.
pub fn cases_of(input: &Input, overrides: &Overrides) -> Vec<Case> {
    let cases = sim_experiments::cases(input, overrides);
    let mut seen: Vec<Problem> = Vec::new();
    for Case { loaded, .. } in cases.iter().filter(|case| case.loaded.blueprint.is_none()) {
        let is_news = |problem: &&Problem| !seen.contains(problem);
        let news: Vec<Problem> = loaded.problems.iter().filter(is_news).cloned().collect();
        show(&news, &loaded.sources);
        seen.extend(news);
    }
    cases
}

/// The failure of an analysis that cannot begin. Errors of the scenario are shown, each once; if
/// nothing is asked, `what_to_ask` tells the user how to ask.
pub fn unready(unready: Unready, what_to_ask: &str) -> Failure {
    let readings = match unready {
        Unready::NothingAsked => return Failure::Usage(what_to_ask.to_owned()),
        Unready::Problems(readings) => readings,
    };
    let mut seen: Vec<Problem> = Vec::new();
    for loaded in readings {
        let is_news = |problem: &&Problem| {
            problem.is_error() && seen.iter().all(|known| known.message != problem.message)
        };
        let news: Vec<Problem> = loaded.problems.iter().filter(is_news).cloned().collect();
        show(&news, &loaded.sources);
        seen.extend(news);
    }
    Failure::Scenario
}

/// The text of a file, or of standard input if the file is `-`.
pub fn input(file: &Path) -> Result<Input, Failure> {
    let is_stdin = file == Path::new("-");
    // A pipe may be named: the user has chosen it.
    let bytes = if is_stdin {
        read_within_limit(std::io::stdin().lock())
    } else {
        File::open(file).and_then(read_within_limit)
    };
    let bytes = bytes.map_err(|cause| Failure::Read { path: file.to_owned(), cause })?;
    let text = text(file, bytes)?;
    let parent = file.parent().filter(|_| !is_stdin);
    let folder = parent.unwrap_or_else(|| Path::new(".")).into();
    let name = if is_stdin { "standard input".to_owned() } else { file.display().to_string() };
    Ok(Input { name, text, folder })
}

/// The text of a file that has been read.
pub fn text(file: &Path, bytes: Vec<u8>) -> Result<String, Failure> {
    utf_8(bytes).map_err(|reason| Failure::NoText { path: file.to_owned(), reason })
}

/// The failure to read a file that should lie below a folder.
pub fn unread(file: &Path, folder: &Path, why: Unread) -> Failure {
    let path = file.to_owned();
    match why {
        Unread::Failed(cause) => Failure::Read { path, cause },
        Unread::Outside => Failure::Outside { path, folder: or_here(folder).to_owned() },
    }
}

/// The path of a folder, which is empty for the parent of a bare name.
fn or_here(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

/// Shows problems on standard error.
pub fn show(problems: &[Problem], sources: &Sources) {
    terminal::explain(&diagnostics::render(problems, sources, terminal::stderr_palette()));
}

fn shown(loaded: Loaded) -> Loaded {
    show(&loaded.problems, &loaded.sources);
    loaded
}
