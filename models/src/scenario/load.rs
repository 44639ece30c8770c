//! From a file to a blueprint.

use std::path::Path;
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};

use super::acknowledged::{self, acknowledge};
use super::analyses::{self, Analyses};
use super::changes::OrderedInstances;
use super::compile::{Compiled, compile};
use super::file::Scenario;
use super::folder::Folder;
use super::include::Includes;
use super::lint::lint;
use super::merge::apply_defaults;
use super::request::{GoalsRequest, Request};
use super::rules::check_rules;
use super::stand_ins;
use super::stressed::{Stress, stresses};
use super::triggers::Triggers;
use crate::language::tree::{Node, Value, parse_path};
use crate::language::{Decode, Found, Location, Problem, Problems, Sources};
use crate::system::Blueprint;

/// The text of a scenario, and where it comes from.
#[derive(Clone, Debug)]
pub struct Input {
    /// The name that messages give it.
    pub name: String,
    /// Its text.
    pub text: String,
    /// The folder that included files and CSV files are relative to.
    pub folder: Folder,
}

/// Changes that are made while a scenario is read.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// The variant chosen.
    pub variant: Option<String>,
    /// `path=value` settings, in order; each replaces what the file and the variant say.
    pub settings: Vec<String>,
    /// The request for which the scenario is read.
    pub request: Request,
}

/// The result of reading a scenario.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The compiled scenario; `None` if there are errors.
    pub blueprint: Option<Arc<Blueprint>>,
    /// All problems of it, in the order of the file.
    pub problems: Vec<Problem>,
    /// The texts that the problems' places refer to.
    pub sources: Sources,
    /// Names of the variants that can be chosen.
    pub variants: Vec<String>,
    /// The plans of its analyses; none if there are errors.
    pub analyses: Analyses,
    /// Acknowledged warnings that nothing says, with their places.
    unused: Vec<(Location, String)>,
}

/// Reads, checks and compiles a scenario.
pub fn load(input: &Input, overrides: &Overrides) -> Loaded {
    let parsed = Parsed::read(input);
    let mut loaded = parsed.load(overrides);
    loaded.note_idle_settings(&parsed, overrides);
    loaded
}

/// A scenario with everything that it includes, before any override: what can be read once for many
/// loads.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The texts and problems so far.
    pub(super) loader: Loader,
    /// Everything that is written; `None` if it is no map of sections.
    tree: Option<Node>,
    /// The name of a scenario that has none of its own.
    name: String,
    /// The folder that other files are relative to.
    folder: Folder,
}

impl Parsed {
    /// Reads the text of a scenario and of what it includes.
    pub fn read(input: &Input) -> Self {
        Self::new(input, false)
    }

    fn new(input: &Input, may_be_a_part: bool) -> Self {
        let (sources, problems) = (Sources::default(), Problems::default());
        let mut loader =
            Loader { sources, problems, may_be_a_part, is_again: false, unused: Vec::new() };
        let mut tree = loader.parse(&input.name, &input.text);
        if let Some(tree) = &mut tree {
            Includes::of(input, &mut loader).merge_into(tree);
        }
        let name = Path::new(&input.name)
            .file_stem()
            .map_or_else(|| "scenario".to_owned(), |stem| stem.to_string_lossy().into_owned());
        Self { loader, tree, name, folder: input.folder.clone() }
    }

    /// Checks and compiles it with overrides.
    pub fn load(&self, overrides: &Overrides) -> Loaded {
        self.load_with(self.loader.clone(), overrides)
    }

    /// Does the same for a scenario that has been loaded before: variants, conditions and parameters that
    /// the overrides do not choose are not checked again.
    pub fn load_again(&self, overrides: &Overrides) -> Loaded {
        self.load_with(Loader { is_again: true, ..self.loader.clone() }, overrides)
    }

    fn load_with(&self, mut loader: Loader, overrides: &Overrides) -> Loaded {
        let (compiled, variants) = loader.load(self, overrides).unzip();
        let sound = compiled.filter(|_| !loader.problems.has_errors());
        let (blueprint, analyses) = sound
            .map(|Compiled { blueprint, analyses, .. }| (Arc::new(blueprint), analyses))
            .unzip();
        Loaded {
            blueprint,
            problems: loader.problems.sorted(),
            sources: loader.sources,
            variants: variants.unwrap_or_default(),
            analyses: analyses.unwrap_or_default(),
            unused: loader.unused,
        }
    }
}

/// Reads a scenario as it is, with each of its variants and under each condition of its goals in
/// turn. A problem that several share is reported once. A file with calls and without workloads is
/// a part of a scenario, and is checked with stand-ins for its services.
pub fn check(input: &Input, overrides: &Overrides) -> Loaded {
    let parsed = Parsed::new(input, true);
    let mut checked = parsed.load(overrides);
    checked.note_idle_settings(&parsed, overrides);
    if overrides.variant.is_some() {
        return checked;
    }
    let as_written = checked.description();
    for variant in checked.variants.clone() {
        let overrides = Overrides { variant: Some(variant.clone()), ..overrides.clone() };
        let loaded = parsed.load_again(&overrides);
        if as_written.is_some() && loaded.description() == as_written {
            checked.problems.push(Problem::warning(
                format!("variant `{variant}` changes nothing: it says what the file says"),
                None,
            ));
        }
        checked.add(loaded, &format!("variant `{variant}`"));
    }
    let goals = checked.analyses.goals.as_ref();
    let conditions = goals.map_or_else(Vec::new, |goals| goals.conditions.clone());
    for condition in conditions {
        let request = GoalsRequest { condition: Some(condition.clone()), values: Vec::new() };
        let overrides = Overrides { request: Request::Goals(request), ..overrides.clone() };
        let loaded = parsed.load_again(&overrides);
        checked.add(loaded, &format!("condition `{condition}`"));
    }
    let unused = std::mem::take(&mut checked.unused);
    checked.problems.extend(unused.iter().map(acknowledged::unused));
    checked
}

/// The errors of a part of a scenario that has no text.
pub(crate) fn errors_of_part(tree: Node) -> Vec<Problem> {
    let mut sources = Sources::default();
    sources.add(String::new(), String::new());
    let loader = Loader {
        sources,
        problems: Problems::default(),
        may_be_a_part: true,
        is_again: false,
        unused: Vec::new(),
    };
    let (name, folder) = ("scenario".to_owned(), Folder::default());
    let parsed = Parsed { loader, tree: Some(tree), name, folder };
    let problems = parsed.load(&Overrides::default()).problems;
    problems.into_iter().filter(Problem::is_error).collect()
}

impl Loaded {
    /// Notes settings from outside the file that say what it says already.
    fn note_idle_settings(&mut self, parsed: &Parsed, overrides: &Overrides) {
        if !matches!(overrides.request, Request::Run) || self.blueprint.is_none() {
            return;
        }
        let description = self.description();
        for (index, setting) in overrides.settings.iter().enumerate() {
            let mut others = overrides.clone();
            others.settings.remove(index);
            if description == parsed.load_again(&others).description() {
                let message = format!("`--set {setting}` changes nothing");
                let problem = Problem::warning(message, None);
                self.problems
                    .push(problem.with_help("the file says so already, or nothing uses it"));
            }
        }
    }

    /// Everything about the system, the run and the expectations, if the scenario is sound.
    fn description(&self) -> Option<String> {
        self.blueprint.as_ref().map(|blueprint| format!("{blueprint:?}"))
    }

    /// Adds the problems of another reading of the same file that are not listed yet.
    fn add(&mut self, other: Self, name: &str) {
        self.blueprint = self.blueprint.take().filter(|_| other.blueprint.is_some());
        self.unused.retain(|(at, _)| other.unused.iter().any(|(other, _)| other == at));
        let known: IndexSet<Problem> = std::mem::take(&mut self.problems).into_iter().collect();
        let news = other.problems.into_iter().filter(|problem| !known.contains(problem));
        let news = news
            .map(|problem| Problem { message: format!("{name}: {}", problem.message), ..problem });
        let news: Vec<Problem> = news.collect();
        self.problems = known.into_iter().chain(news).collect();
    }
}

/// A scenario on its way from text to typed sections.
#[derive(Clone, Debug)]
pub(super) struct Loader {
    pub sources: Sources,
    pub problems: Problems,
    /// True if the file may be a part of a scenario, without services of its own.
    pub may_be_a_part: bool,
    /// True if it has been loaded before, so that only what is chosen now is checked.
    pub is_again: bool,
    /// Acknowledged warnings that nothing says, with their places.
    pub unused: Vec<(Location, String)>,
}

impl Loader {
    fn load(&mut self, parsed: &Parsed, overrides: &Overrides) -> Option<(Compiled, Vec<String>)> {
        let (mut tree, variants) = self.written(parsed, overrides)?;
        let request = &overrides.request;
        let stresses = stresses(&tree, request);
        // Before one of them applies, so that it may take away what it names.
        let is_first = !request.is_candidate() && !self.is_again;
        if is_first {
            self.check_conditions(&tree);
        }
        self.apply(&mut tree, request);
        if is_first {
            for section in analyses::VARIED {
                self.check_varied(&tree, section);
            }
        }
        apply_defaults(&mut tree);
        let mut compiled = self.compile(&tree, parsed, request, &stresses)?;
        if is_first {
            self.check_given_once(&tree, &compiled.analyses, overrides);
        }
        if !self.problems.has_errors() {
            self.compile_stressed(&stresses, &tree, parsed, &mut compiled.blueprint);
        }
        Some((compiled, variants))
    }

    /// Compiles a tree in which everything is that a request asks for.
    pub fn compile(
        &mut self,
        tree: &Node,
        parsed: &Parsed,
        request: &Request,
        stresses: &[Stress],
    ) -> Option<Compiled> {
        let file = Scenario::decode(Found { node: tree, key: tree.at }, &mut self.problems)?;
        check_rules(&file.analyses.goals.rules, tree, request, &mut self.problems);
        let changed = self.changed_files(tree, &file);
        let written = WrittenFile {
            file: &file,
            tree,
            name: &parsed.name,
            folder: &parsed.folder,
            ordered_instances: &changed.instances,
            stresses,
        };
        let mut compiled = compile(&written, &self.sources, &mut self.problems, request);
        if !self.problems.has_errors() {
            self.compile_changes(&changed, &written, &mut compiled.blueprint);
        }
        if !self.problems.has_errors() {
            lint(&file, &compiled.blueprint, &compiled.operations, &mut self.problems);
        }
        self.unused = acknowledge(&file.acknowledged, &mut self.problems);
        Some(compiled)
    }

    /// The tree that a file stands for with what it includes, a variant and settings, and the names
    /// of its variants; of a file that is loaded again without them.
    pub fn written(
        &mut self,
        parsed: &Parsed,
        overrides: &Overrides,
    ) -> Option<(Node, Vec<String>)> {
        let mut tree = parsed.tree.clone()?;
        if self.may_be_a_part {
            stand_ins::complete(&mut tree);
        }
        let section = parse_path("variants");
        let written = tree.get(&section).filter(|_| !self.is_again);
        let names = written.into_iter().flat_map(Node::keys).map(|key| key.name.clone());
        let variants: Vec<String> = names.collect();
        if !overrides.request.is_candidate() && !self.is_again {
            self.check_variants(&tree);
        }
        let triggers = Triggers::of(&tree);
        if let Some(variant) = &overrides.variant {
            self.apply_variant(&mut tree, variant);
        }
        for setting in &overrides.settings {
            self.apply_setting(&mut tree, setting);
        }
        if self.is_again {
            tree.remove(&section);
        }
        triggers.check(&tree, &mut self.problems);
        Some((tree, variants))
    }

    pub fn parse(&mut self, name: &str, text: &str) -> Option<Node> {
        let source = self.sources.add(name, text);
        let start = Location { source, start: 0, end: 0 };
        let mut repeated = Vec::new();
        let parsed = Node::parse_with_all(text, source, &mut repeated);
        for problem in repeated {
            self.problems.add(problem);
        }
        match parsed {
            Ok(Node { value: Value::Map(entries), at }) => {
                Some(Node { value: Value::Map(entries), at })
            }
            Ok(Node { value: Value::Null, .. }) => {
                self.problems.add(
                    Problem::error("the file is empty", Some(start))
                        .with_help("`fusebox new` writes a scenario to start from"),
                );
                None
            }
            Ok(node) => {
                let message =
                    format!("a scenario is a map of sections, not {}", node.value.description());
                self.problems.add(
                    Problem::error(message, Some(node.at))
                        .with_help("`fusebox new` writes a scenario to start from"),
                );
                None
            }
            Err(problem) => {
                self.problems.add(problem);
                None
            }
        }
    }
}

/// A scenario as it is written, and its origin.
pub(super) struct WrittenFile<'a> {
    /// The typed sections.
    pub file: &'a Scenario,
    /// The tree that they were read from.
    pub tree: &'a Node,
    /// The name of a scenario that has none of its own.
    pub name: &'a str,
    /// The folder that other files are relative to.
    pub folder: &'a Folder,
    /// The numbers of instances of each service of which operators change them.
    pub ordered_instances: &'a IndexMap<String, OrderedInstances>,
    /// The stresses that limits on healing ask for, in the order of the limits.
    pub stresses: &'a [Stress],
}
