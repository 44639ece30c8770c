//! From a file to a blueprint.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::compile::{Compiled, compile};
use super::decode::{decode, unknown_key};
use super::lint::lint;
use super::problem::{Location, Problem, Problems, Sources, did_you_mean};
use super::purpose::{GoalsRequest, Purpose, SweepRequest};
use super::rules;
use super::schema::Scenario;
use super::tree::{Node, Segment, Value, parse_path};
use crate::study::{GoalsPlan, StabilityPlan, SweepPlan};
use crate::system::Blueprint;

/// Where a scenario comes from.
#[derive(Clone, Debug)]
pub struct Input {
    /// What to call it in messages.
    pub name: String,
    /// Its text.
    pub text: String,
    /// Where included files and CSV files are looked for.
    pub folder: PathBuf,
}

/// What is changed on the way.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// The variant chosen.
    pub variant: Option<String>,
    /// `path=value` settings, in order; each replaces what the file and the variant say.
    pub settings: Vec<String>,
    /// What the scenario is read for.
    pub purpose: Purpose,
}

/// What came of reading a scenario.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The compiled scenario; `None` if there are errors.
    pub blueprint: Option<Arc<Blueprint>>,
    /// Everything wrong with it, in the order of the file.
    pub problems: Vec<super::Problem>,
    /// The texts that the problems' places refer to.
    pub sources: Sources,
    /// Names of the variants that can be chosen.
    pub variants: Vec<String>,
    /// What a sweep of it would be.
    pub sweep: Option<SweepPlan>,
    /// What is wanted of it, if the file says so.
    pub goals: Option<GoalsPlan>,
    /// Which loads and triggers it is to be tried with, if the file says so.
    pub stability: Option<StabilityPlan>,
}

/// Reads, checks and compiles a scenario.
pub fn load(input: &Input, overrides: &Overrides) -> Loaded {
    let mut loader =
        Loader { sources: Sources::default(), problems: Problems::default(), included: Vec::new() };
    let (compiled, variants) = loader.load(input, overrides).unwrap_or_default();
    let sound = compiled.filter(|_| !loader.problems.has_errors());
    let mut loaded = Loaded {
        blueprint: None,
        problems: loader.problems.sorted(),
        sources: loader.sources,
        variants,
        sweep: None,
        goals: None,
        stability: None,
    };
    if let Some(Compiled { blueprint, sweep, goals, stability }) = sound {
        (loaded.blueprint, loaded.sweep) = (Some(Arc::new(blueprint)), Some(sweep));
        (loaded.goals, loaded.stability) = (goals, stability);
    }
    loaded
}

/// Reads a scenario as it is, with each of its variants and under each condition of its goals in
/// turn. A problem that several share is reported once.
///
/// With a variant chosen, this is the same as [`load`].
pub fn check(input: &Input, overrides: &Overrides) -> Loaded {
    let mut checked = load(input, overrides);
    if overrides.variant.is_some() {
        return checked;
    }
    for variant in checked.variants.clone() {
        let loaded =
            load(input, &Overrides { variant: Some(variant.clone()), ..overrides.clone() });
        checked.add(loaded, &format!("variant `{variant}`"));
    }
    let conditions = checked.goals.as_ref().map_or_else(Vec::new, |goals| goals.conditions.clone());
    for condition in conditions {
        let request = GoalsRequest { condition: Some(condition.clone()), values: Vec::new() };
        let loaded =
            load(input, &Overrides { purpose: Purpose::Goals(request), ..overrides.clone() });
        checked.add(loaded, &format!("condition `{condition}`"));
    }
    checked
}

impl Loaded {
    /// Adds what is wrong with another reading of the same file and has not been told yet.
    fn add(&mut self, other: Self, name: &str) {
        self.blueprint = self.blueprint.take().filter(|_| other.blueprint.is_some());
        let news: Vec<Problem> =
            other.problems.into_iter().filter(|problem| !self.problems.contains(problem)).collect();
        self.problems.extend(
            news.into_iter().map(|problem| Problem {
                message: format!("{name}: {}", problem.message),
                ..problem
            }),
        );
    }
}

struct Loader {
    sources: Sources,
    problems: Problems,
    included: Vec<PathBuf>,
}

impl Loader {
    fn load(
        &mut self,
        input: &Input,
        overrides: &Overrides,
    ) -> Option<(Option<Compiled>, Vec<String>)> {
        let mut tree = self.parse(&input.name, &input.text)?;
        let own_path = input.folder.join(Path::new(&input.name).file_name().unwrap_or_default());
        self.include(
            &mut tree,
            &input.folder,
            &mut vec![own_path.canonicalize().unwrap_or(own_path)],
        );
        let variants: Vec<String> = tree
            .get(&parse_path("variants"))
            .map_or_else(Vec::new, |node| node.keys().map(|key| key.name.clone()).collect());
        self.check_variants(&tree);
        if let Some(variant) = &overrides.variant {
            self.apply_variant(&mut tree, variant, &variants);
        }
        for setting in &overrides.settings {
            self.apply_setting(&mut tree, setting);
        }
        match &overrides.purpose {
            Purpose::Run => {}
            Purpose::Sweep(request) => self.apply_request(&mut tree, request),
            Purpose::Goals(request) => self.apply_goals(&mut tree, request),
            Purpose::Point(values) => {
                remove_sections(&mut tree, &["expect", "sweep", "goals", "stability"]);
                for (path, value) in values {
                    self.apply_value(&mut tree, "set", path, value);
                }
            }
        }
        self.check_conditions(&tree);
        self.check_varied(&tree, "sweep.vary");
        self.check_varied(&tree, "goals.settings");
        self.check_varied(&tree, "stability.load");
        self.check_varied(&tree, "stability.trigger");
        apply_defaults(&mut tree);
        self.check_rules(&tree, &overrides.purpose);
        let decoded = decode::<Scenario>(tree, &mut self.problems)?;
        let name = Path::new(&input.name)
            .file_stem()
            .map_or_else(|| "scenario".to_owned(), |stem| stem.to_string_lossy().into_owned());
        let compiled = compile(
            &decoded,
            &name,
            &input.folder,
            &self.sources,
            &mut self.problems,
            &overrides.purpose,
        );
        if !self.problems.has_errors() {
            lint(&decoded, &compiled.blueprint, &mut self.problems);
        }
        Some((Some(compiled), variants))
    }

    fn parse(&mut self, name: &str, text: &str) -> Option<Node> {
        let source = self.sources.add(name, text);
        let start = Location { source, start: 0, end: 0 };
        match Node::parse(text, source) {
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

    /// Merges the files listed under `include:` into `tree`, which was included along `trail`. A
    /// file that is included a second time adds nothing.
    fn include(&mut self, tree: &mut Node, folder: &Path, trail: &mut Vec<PathBuf>) {
        let Some(Node { value: Value::List(files), .. }) =
            tree.get(&parse_path("include")).cloned()
        else {
            return;
        };
        for file in files {
            let Value::Text(name) = &file.value else { continue };
            let path = folder.join(name);
            let identity = path.canonicalize().unwrap_or_else(|_| path.clone());
            if trail.contains(&identity) {
                self.problems.add(
                    Problem::error("files include each other in a circle", Some(file.at))
                        .with_help("leave one of the includes out"),
                );
                continue;
            }
            if self.included.contains(&identity) {
                continue;
            }
            let text = match std::fs::read_to_string(&path) {
                Ok(text) => text,
                Err(error) => {
                    let problem = Problem::error(
                        format!("cannot read {}: {error}", path.display()),
                        Some(file.at),
                    );
                    self.problems.add(problem.with_help(
                        "included files are looked for beside the file that includes them",
                    ));
                    continue;
                }
            };
            if let Some(mut fragment) = self.parse(&path.display().to_string(), &text) {
                self.included.push(identity.clone());
                trail.push(identity);
                self.include(&mut fragment, path.parent().unwrap_or(folder), trail);
                trail.pop();
                fragment.remove(&parse_path("include"));
                tree.merge_missing(&fragment);
            }
        }
    }

    /// Every override of every variant must lead somewhere, whether or not the variant is chosen.
    fn check_variants(&mut self, tree: &Node) {
        let Some(Node { value: Value::Map(variants), .. }) = tree.get(&parse_path("variants"))
        else {
            return;
        };
        for (_, variant) in variants {
            let Value::Map(overrides) = &variant.value else { continue };
            for (key, value) in overrides {
                let mut copy = tree.clone();
                if let Err(problem) = copy.set(&parse_path(&key.name), value.clone(), key.at) {
                    self.problems.add(problem);
                }
            }
        }
    }

    /// Adds a problem, if there is one.
    fn note(&mut self, problem: Option<Problem>) {
        if let Some(problem) = problem {
            self.problems.add(problem);
        }
    }

    /// Neither may an override of a condition lead nowhere, whatever is asked.
    fn check_conditions(&mut self, tree: &Node) {
        let Some(Node { value: Value::Map(conditions), .. }) =
            tree.get(&parse_path("goals.conditions"))
        else {
            return;
        };
        for (_, condition) in conditions {
            let Value::Map(overrides) = &condition.value else { continue };
            for (key, value) in overrides {
                let path = parse_path(&key.name);
                let problem = unknown_name(tree, &path, key.at)
                    .or_else(|| tree.clone().set(&path, value.clone(), key.at).err());
                self.note(problem);
            }
        }
    }

    /// What varies must lead somewhere, too.
    fn check_varied(&mut self, tree: &Node, section: &str) {
        let Some(Node { value: Value::Map(varied), .. }) = tree.get(&parse_path(section)) else {
            return;
        };
        for (key, values) in varied {
            let path = parse_path(&key.name);
            let nothing = Node { value: Value::Bool(true), at: values.at };
            let problem = unknown_name(tree, &path, key.at)
                .or_else(|| tree.clone().set(&path, nothing, key.at).err());
            self.note(problem);
        }
    }

    fn apply_variant(&mut self, tree: &mut Node, variant: &str, variants: &[String]) {
        let path = [Segment::Key("variants".to_owned()), Segment::Key(variant.to_owned())];
        let Some(node) = tree.get(&path).cloned() else {
            let help = match (
                did_you_mean(variant, variants.iter().map(String::as_str)),
                variants.is_empty(),
            ) {
                (Some(meant), _) => format!("did you mean `{meant}`?"),
                (None, true) => "this scenario has no variants".to_owned(),
                (None, false) => format!("known are {}", variants.join(", ")),
            };
            self.problems.add(
                Problem::error(format!("there is no variant `{variant}`"), None).with_help(help),
            );
            return;
        };
        let Value::Map(overrides) = node.value else { return };
        for (key, value) in overrides {
            self.set(tree, &key.name, value, key.at);
        }
    }

    /// Puts what was asked for outside the file where the file would say it; nothing is expected of
    /// what is swept.
    fn apply_request(&mut self, tree: &mut Node, request: &SweepRequest) {
        remove_sections(tree, &["expect", "goals", "stability"]);
        let section =
            |key: &str| vec![Segment::Key("sweep".to_owned()), Segment::Key(key.to_owned())];
        let is_point = !request.values.is_empty();
        if is_point || !request.vary.is_empty() {
            tree.remove(&section("vary"));
        }
        for vary in &request.vary {
            let source = self.sources.add("--vary", vary);
            let whole = Location { source, start: 0, end: vary.len() };
            let Some((path, values)) = vary.split_once('=') else {
                let problem = Problem::error(format!("`{vary}` varies nothing"), Some(whole));
                self.problems.add(problem.with_help(
                    "write `path=values`, such as `services.d.threads=20..200 step 20`",
                ));
                continue;
            };
            let key = Segment::Key(super::tree::normalize_edge(path));
            let at = Location { start: path.len() + 1, ..whole };
            self.put(
                tree,
                &[section("vary"), vec![key]].concat(),
                Node { value: Value::Text(values.to_owned()), at },
                whole,
            );
        }
        for (key, texts) in [
            ("figures", &request.figures),
            ("maximize", &request.maximize),
            ("minimize", &request.minimize),
        ] {
            if texts.is_empty() {
                continue;
            }
            let mut text = |text: &String| {
                let source = self
                    .sources
                    .add(format!("--{}", if key == "figures" { "figure" } else { key }), text);
                Node {
                    value: Value::Text(text.clone()),
                    at: Location { source, start: 0, end: text.len() },
                }
            };
            let texts: Vec<Node> = texts.iter().map(&mut text).collect();
            let at = texts[0].at;
            self.put(tree, &section(key), Node { value: Value::List(texts), at }, at);
        }
        for (key, text) in &request.settings {
            let source = self.sources.add(format!("--{}", key.replace(' ', "-")), text);
            let at = Location { source, start: 0, end: text.len() };
            let value = Node::parse(text, source)
                .map_or_else(|_| Value::Text(text.clone()), |node| node.value);
            self.put(tree, &section(key), Node { value, at }, at);
        }
        for (path, value) in &request.values {
            self.apply_value(tree, "vary", path, value);
        }
    }

    /// Brings a condition about, then sets what a candidate sets; nothing is expected and nothing
    /// swept.
    fn apply_goals(&mut self, tree: &mut Node, request: &GoalsRequest) {
        remove_sections(tree, &["expect", "sweep", "stability"]);
        if let Some(condition) = &request.condition {
            self.apply_condition(tree, condition, &mut Vec::new());
        }
        for (path, value) in &request.values {
            self.apply_value(tree, "recommend", path, value);
        }
    }

    /// Sets what a condition sets; of conditions that come together, one after the other.
    fn apply_condition(&mut self, tree: &mut Node, condition: &str, trail: &mut Vec<String>) {
        let path =
            [parse_path("goals.conditions"), vec![Segment::Key(condition.to_owned())]].concat();
        let Some(node) = tree.get(&path).cloned() else { return };
        if trail.iter().any(|known| known == condition) {
            let problem =
                Problem::error(format!("the condition `{condition}` holds itself"), Some(node.at));
            self.problems.add(problem.with_help("leave it out of the list"));
            return;
        }
        trail.push(condition.to_owned());
        match node.value {
            Value::Map(overrides) => overrides
                .into_iter()
                .for_each(|(key, value)| self.set(tree, &key.name, value, key.at)),
            Value::List(together) => {
                let names = together.into_iter().filter_map(|item| {
                    if let Value::Text(name) = item.value { Some(name) } else { None }
                });
                names.for_each(|name| self.apply_condition(tree, &name, trail));
            }
            _ => {}
        }
        trail.pop();
    }

    /// A candidate that breaks a rule cannot be had; of a file that does as it is written, one is
    /// told.
    fn check_rules(&mut self, tree: &Node, purpose: &Purpose) {
        let is_candidate = matches!(purpose, Purpose::Goals(request) if !request.values.is_empty());
        let Some(Node { value: Value::List(rules), .. }) = tree.get(&parse_path("goals.rules"))
        else {
            return;
        };
        for rule in rules {
            let Value::Text(text) = &rule.value else { continue };
            match rules::verdict(text, tree, rule.at) {
                Ok(rules::Verdict::Holds) => {}
                Ok(rules::Verdict::Broken) => {
                    let told = if is_candidate { Problem::error } else { Problem::warning };
                    let problem = told(format!("the rule `{text}` does not hold"), Some(rule.at));
                    self.problems
                        .add(problem.with_help("change the settings it names, or the rule"));
                }
                Err(problem) => self.problems.add(problem),
            }
        }
    }

    fn put(&mut self, tree: &mut Node, path: &[Segment], node: Node, at: Location) {
        if let Err(problem) = tree.set(path, node, at) {
            self.problems.add(problem);
        }
    }

    /// `path=value`, where the value is YAML.
    fn apply_setting(&mut self, tree: &mut Node, setting: &str) {
        let Some((path, value)) = setting.split_once('=') else {
            self.problems.add(
                Problem::error(format!("`{setting}` sets nothing"), None)
                    .with_help("write `path=value`, such as `services.d.threads=60`"),
            );
            return;
        };
        self.apply_value(tree, "--set", path, value);
    }

    fn apply_value(&mut self, tree: &mut Node, origin: &str, path: &str, value: &str) {
        let setting = format!("{path}={value}");
        let source = self.sources.add(origin, &*setting);
        let offset = path.len() + 1;
        let mut node = match Node::parse(value, source) {
            Ok(node) => node,
            Err(problem) => {
                self.problems.add(Problem {
                    at: Some(Location { source, start: offset, end: setting.len() }),
                    ..problem
                });
                return;
            }
        };
        node.move_to(Location { source, start: offset, end: setting.len() });
        self.set(tree, path, node, Location { source, start: 0, end: path.len() });
    }

    fn set(&mut self, tree: &mut Node, path: &str, value: Node, path_at: Location) {
        let segments = parse_path(path);
        let result = match unknown_name(tree, &segments, path_at) {
            Some(problem) => Err(problem),
            None => tree.set(&segments, value, path_at),
        };
        if let Err(problem) = result {
            self.problems.add(problem);
        }
    }
}

/// A setting below a service, database, cache, host or workload that does not exist is a slip of
/// the pen, not a new one.
fn unknown_name(tree: &Node, path: &[Segment], at: Location) -> Option<Problem> {
    let [Segment::Key(section), Segment::Key(name), _, ..] = path else { return None };
    if !["services", "databases", "caches", "hosts", "workloads"].contains(&section.as_str()) {
        return None;
    }
    let existing = tree.get(&path[..1])?;
    if existing.keys().any(|key| key.name == *name) {
        return None;
    }
    let known: Vec<&str> = existing.keys().map(|key| key.name.as_str()).collect();
    let problem = unknown_key(name, &known, Some(at));
    Some(Problem {
        message: format!("there is no `{name}` in `{section}`"),
        label: String::new(),
        ..problem
    })
}

/// Takes out what is not asked: it may speak of what is not there under a condition or at a point.
fn remove_sections(tree: &mut Node, sections: &[&str]) {
    for section in sections {
        tree.remove(&parse_path(section));
    }
}

/// Copies what `defaults:` says into every service, database, cache and call.
fn apply_defaults(tree: &mut Node) {
    for section in ["services", "databases", "caches", "calls"] {
        let Some(defaults) = tree.get(&parse_path(&format!("defaults.{section}"))).cloned() else {
            continue;
        };
        let names: Vec<String> = tree
            .get(&parse_path(section))
            .map_or_else(Vec::new, |node| node.keys().map(|key| key.name.clone()).collect());
        for name in names {
            tree.merge_into(
                &[
                    Segment::Key(section.to_owned()),
                    Segment::Key(super::tree::normalize_edge(&name)),
                ],
                &defaults,
            );
        }
    }
}
