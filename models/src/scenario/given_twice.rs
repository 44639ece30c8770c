//! Settings to which two arguments give values: one of the two would be ignored.

use super::Analyses;
use super::load::{Loader, Overrides};
use super::request::Request;
use crate::language::tree::{Node, Segment, Value, parse_path};
use crate::language::{Location, Problem};
use crate::study::{Parameter, Values};

/// The settings that options of their own stand for.
const OPTIONS: [(&str, &str); 2] = [("run.seed", "--seed"), ("run.duration", "--duration")];

impl Loader {
    /// Checks that no setting of a sweep or a map of stability varies twice, and that none is also set to one value.
    pub fn check_given_once(&mut self, tree: &Node, analyses: &Analyses, overrides: &Overrides) {
        let mut varied: Vec<Varied<'_>> = Vec::new();
        for setting in all_varied(tree, analyses, overrides) {
            if let Some(first) = varied.iter().find(|first| first.path == setting.path) {
                self.given_twice(&first.words, &setting.words, setting.at);
            }
            varied.push(setting);
        }
        for set in &overrides.settings {
            let Some((path, value)) = set.split_once('=') else { continue };
            let resolved = resolved(path, tree);
            for setting in varied.iter().filter(|varied| varied.replaces(&resolved, value)) {
                self.given_twice(&setting.words, &option_of(path), setting.at);
            }
        }
    }

    /// Notes that two arguments give values to the same setting.
    pub(super) fn given_twice(&mut self, one: &str, other: &str, at: Option<Location>) {
        let (message, help) = if one == other {
            (format!("{one} is given twice"), "write all its values in one, with commas between")
        } else {
            let message = format!("{one} and {other} give values to the same setting");
            (message, "leave out one of the two, which would be ignored")
        };
        self.problems.add(Problem::error(message, at).with_help(help));
    }
}

/// A setting that varies.
struct Varied<'a> {
    /// The place to which its path leads.
    path: Vec<Segment>,
    /// The values it takes.
    values: &'a Values,
    /// The words for the argument or the section that says so.
    words: String,
    /// The place where it says so.
    at: Option<Location>,
}

/// The settings that vary in the analysis for which a scenario is read.
fn all_varied<'a>(tree: &Node, analyses: &'a Analyses, overrides: &Overrides) -> Vec<Varied<'a>> {
    let option = |section, option, is_given: bool| Source { section, option, is_given };
    match (&overrides.request, analyses) {
        (Request::Sweep(request), Analyses { sweep: Some(sweep), .. }) => {
            let source = option("sweep.vary", "--vary", !request.vary.is_empty());
            sweep.parameters.iter().map(|it| Varied::of(it, tree, &source)).collect()
        }
        (Request::Stability, Analyses { stability: Some(plan), .. }) => {
            let is_given = |section| {
                overrides
                    .settings
                    .iter()
                    .any(|set| set.split_once('=').is_some_and(|(path, _)| path == section))
            };
            let load = option("stability.load", "--load", is_given("stability.load"));
            let trigger = option("stability.trigger", "--trigger", is_given("stability.trigger"));
            let of_fault = std::iter::once(&plan.trigger).chain(&plan.also);
            let of_fault = of_fault.map(|it| Varied::of(it, tree, &trigger));
            std::iter::once(Varied::of(&plan.load, tree, &load)).chain(of_fault).collect()
        }
        _ => Vec::new(),
    }
}

/// The section, or the option in its place, that says what varies.
struct Source {
    section: &'static str,
    option: &'static str,
    is_given: bool,
}

impl<'a> Varied<'a> {
    fn of(parameter: &'a Parameter, tree: &Node, source: &Source) -> Self {
        let Parameter { path, values } = parameter;
        let Source { section, option, is_given } = source;
        let words = if *is_given {
            format!("`{option} {path}`")
        } else {
            format!("`{path}` under `{section}`")
        };
        let key = [parse_path(section), vec![Segment::Key(path.clone())]].concat();
        Self { path: resolved(path, tree), values, words, at: tree.key_location(&key) }
    }

    /// True if its values replace one that is set at `path`. `on` keeps what is set, and a bare number is kept beside
    /// its details.
    fn replaces(&self, path: &[Segment], value: &str) -> bool {
        if path.starts_with(&self.path) {
            return !self.values.keep_what_is_written();
        }
        let is_number =
            || Node::parse(value, 0).is_ok_and(|node| matches!(node.value, Value::Integer(_)));
        self.path.starts_with(path) && !is_number()
    }
}

/// The place to which a path leads; of one that leads nowhere, as far as it goes.
fn resolved(path: &str, tree: &Node) -> Vec<Segment> {
    let path = parse_path(path);
    tree.resolve(&path, tree.at).unwrap_or(path)
}

/// The words for the argument that sets a path.
fn option_of(path: &str) -> String {
    let option = OPTIONS.iter().find(|(setting, _)| *setting == path);
    let own = option.map_or_else(String::new, |(_, option)| format!(" (or `{option}`)"));
    format!("`--set {path}`{own}")
}
