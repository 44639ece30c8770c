//! Loading and running scenarios, for the tests of every module.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use sim_experiments::{Finished, Unattended, run_all};
use sim_models::observe::{CallSummary, PoolSummary};
use sim_models::scenario::{Input, Loaded, Overrides, load};
use sim_models::system::Blueprint;

/// The root of the project.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate lies in the project")
        .to_path_buf()
}

/// Every scenario of the library, in the order of their names, and after them the real outages.
pub fn library() -> Vec<PathBuf> {
    let scenarios = root().join("scenarios");
    [scenarios_in(&scenarios), scenarios_in(&scenarios.join("outages"))].concat()
}

fn scenarios_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the library is there");
    let is_scenario =
        |path: &PathBuf| path.extension().is_some_and(|extension| extension == "yaml");
    let mut files: Vec<PathBuf> =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_scenario).collect();
    files.sort();
    files
}

/// A scenario of the library, as it is written or with a variant, and its run.
pub struct LibraryRun {
    pub file: PathBuf,
    pub variant: Option<String>,
    pub finished: Finished,
}

/// The runs of every scenario and variant of the library, which many tests look at.
pub fn library_runs() -> &'static [LibraryRun] {
    static RUNS: LazyLock<Vec<LibraryRun>> = LazyLock::new(|| {
        let cases = library_cases();
        let blueprints: Vec<_> = cases.iter().map(|case| Arc::clone(&case.blueprint)).collect();
        let runs = run_all(&blueprints, &Unattended { jobs: 2 });
        let of = |(case, finished): (LibraryCase, Finished)| LibraryRun {
            file: case.file,
            variant: case.variant,
            finished,
        };
        cases.into_iter().zip(runs).map(of).collect()
    });
    &RUNS
}

/// A scenario of the library, as it is written or with a variant.
pub struct LibraryCase {
    pub file: PathBuf,
    pub variant: Option<String>,
    pub blueprint: Arc<Blueprint>,
}

/// Every scenario of the library, as it is written and with each of its variants.
pub fn library_cases() -> Vec<LibraryCase> {
    let cases_of = |file: PathBuf| {
        let variants = load_file(&file, None, &[]).variants.into_iter().map(Some);
        let case = |variant: Option<String>| {
            let blueprint = blueprint(&load_file(&file, variant.as_deref(), &[]));
            LibraryCase { file: file.clone(), variant, blueprint }
        };
        std::iter::once(None).chain(variants).map(case).collect::<Vec<_>>()
    };
    library().into_iter().flat_map(cases_of).collect()
}

impl LibraryRun {
    /// The name of the scenario, and that of the variant.
    pub fn title(&self) -> String {
        let name = self.file.file_stem().unwrap_or_default().to_string_lossy();
        format!("{name} {}", self.variant.as_deref().unwrap_or_default()).trim_end().to_owned()
    }
}

/// Reads a scenario file.
pub fn load_file(path: &Path, variant: Option<&str>, settings: &[&str]) -> Loaded {
    let text =
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let folder = path.parent().unwrap_or(Path::new(".")).to_path_buf();
    let input = Input {
        name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        text,
        folder: folder.into(),
    };
    load(&input, &overrides(variant, settings))
}

/// Reads a scenario from a text.
pub fn load_text(text: &str, settings: &[&str]) -> Loaded {
    load(
        &Input { name: "test.yaml".into(), text: text.into(), folder: ".".into() },
        &overrides(None, settings),
    )
}

fn overrides(variant: Option<&str>, settings: &[&str]) -> Overrides {
    Overrides {
        variant: variant.map(str::to_owned),
        settings: settings.iter().map(|setting| (*setting).to_owned()).collect(),
        ..Overrides::default()
    }
}

/// The blueprint of a scenario without errors.
pub fn blueprint(loaded: &Loaded) -> Arc<Blueprint> {
    let shown = || {
        sim_reports::diagnostics::render(
            &loaded.problems,
            &loaded.sources,
            sim_reports::Palette::Plain,
        )
    };
    loaded.blueprint.clone().unwrap_or_else(|| panic!("the scenario has errors:\n{}", shown()))
}

/// Runs a blueprint to its end.
pub fn run(blueprint: &Arc<Blueprint>) -> Finished {
    sim_experiments::run(blueprint, 0, &Unattended { jobs: 1 })
}

/// Runs a scenario of the library.
pub fn run_scenario(name: &str, variant: Option<&str>, settings: &[&str]) -> Finished {
    run(&blueprint(&load_file(
        &root().join("scenarios").join(name).with_extension("yaml"),
        variant,
        settings,
    )))
}

/// Runs a scenario given as text.
pub fn run_text(text: &str, settings: &[&str]) -> Finished {
    run(&blueprint(&load_text(text, settings)))
}

/// Runs a scenario written with one section a line, indented like the code around it.
pub fn run_sections(text: &str, settings: &[&str]) -> Finished {
    run_text(&one_section_a_line(text), settings)
}

/// The text of a scenario without the indentation of the code around it.
pub fn one_section_a_line(text: &str) -> String {
    text.lines().map(str::trim_start).collect::<Vec<_>>().join("\n")
}

/// The summary of the calls over an edge, `a -> b`.
pub fn call<'a>(finished: &'a Finished, edge: &str) -> &'a CallSummary {
    finished
        .summary
        .calls
        .iter()
        .find(|call| call.edge == edge)
        .unwrap_or_else(|| panic!("no edge {edge}"))
}

/// The number of calls over an edge that ended with an outcome.
pub fn ended(finished: &Finished, edge: &str, kind: &str) -> u64 {
    call(finished, edge).ended.get(kind).copied().unwrap_or(0)
}

/// The summary of the first pool of an owner.
pub fn pool<'a>(finished: &'a Finished, owner: &str) -> &'a PoolSummary {
    finished
        .summary
        .pools
        .iter()
        .find(|pool| pool.owner == owner)
        .unwrap_or_else(|| panic!("no pool of {owner}"))
}
