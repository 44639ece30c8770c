//! Settings to which two arguments give values: one of the two would be ignored.

use super::load::{Loader, Overrides};
use super::request::{Request, SweepRequest};
use crate::language::tree::{Node, Segment, Value, parse_path};
use crate::language::{Location, Problem};
use crate::study::{Parameter, Values};

/// The settings that options of their own stand for.
const OPTIONS: [(&str, &str); 2] = [("run.seed", "--seed"), ("run.duration", "--duration")];

impl Loader {
    /// Checks that no setting of a sweep varies twice, and that none is also set to one value.
    pub fn check_given_once(
        &mut self,
        tree: &Node,
        parameters: &[Parameter],
        overrides: &Overrides,
    ) {
        let Request::Sweep(request) = &overrides.request else { return };
        let mut varied: Vec<Varied<'_>> = Vec::new();
        for parameter in parameters {
            let setting = Varied::of(parameter, tree, request);
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
            (message, "leave out one of the two: a point of the sweep has one value")
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

impl<'a> Varied<'a> {
    fn of(parameter: &'a Parameter, tree: &Node, request: &SweepRequest) -> Self {
        let Parameter { path, values } = parameter;
        let words = if request.vary.is_empty() {
            format!("`{path}` under `sweep.vary`")
        } else {
            format!("`--vary {path}`")
        };
        let key = [parse_path("sweep.vary"), vec![Segment::Key(path.clone())]].concat();
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
