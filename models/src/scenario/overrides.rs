//! Values that replace those of a file: variants, settings, requests.

use super::analyses;
use super::load::Loader;
use super::request::{GoalsRequest, Request, SweepRequest};
use super::short_forms::short_form;
use crate::language::tree::{Node, Segment, Value, normalize_edge, parse_path};
use crate::language::{Location, Problem, some_of, unknown_key};

impl Loader {
    /// Checks that every override of every variant leads somewhere, even if the variant is not
    /// chosen.
    pub fn check_variants(&mut self, tree: &Node) {
        let Some(Node { value: Value::Map(variants), .. }) = tree.get(&parse_path("variants"))
        else {
            return;
        };
        let mut without_variants = tree.clone();
        without_variants.remove(&parse_path("variants"));
        for (_, variant) in variants {
            let Value::Map(overrides) = &variant.value else { continue };
            let mut copy = without_variants.clone();
            for (key, value) in overrides {
                let path = parse_path(&key.name);
                self.note(copy.set(&path, value.clone(), key.at, short_form).err());
            }
        }
    }

    /// Adds a problem, if there is one.
    fn note(&mut self, problem: Option<Problem>) {
        if let Some(problem) = problem {
            self.problems.add(problem);
        }
    }

    /// Checks that every override of every condition leads somewhere, even if the condition is not
    /// used.
    pub fn check_conditions(&mut self, tree: &Node) {
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
                    .or_else(|| tree.clone().set(&path, value.clone(), key.at, short_form).err());
                self.note(problem);
            }
        }
    }

    /// Checks that everything that varies leads somewhere.
    pub fn check_varied(&mut self, tree: &Node, section: &str) {
        let Some(Node { value: Value::Map(varied), .. }) = tree.get(&parse_path(section)) else {
            return;
        };
        for (key, values) in varied {
            let path = parse_path(&key.name);
            let nothing = Node { value: Value::Bool(true), at: values.at };
            let problem = unknown_name(tree, &path, key.at)
                .or_else(|| tree.clone().set(&path, nothing, key.at, short_form).err());
            self.note(problem);
        }
    }

    pub fn apply_variant(&mut self, tree: &mut Node, variant: &str) {
        let path = [Segment::Key("variants".to_owned()), Segment::Key(variant.to_owned())];
        let Some(node) = tree.get(&path).cloned() else {
            let variants = tree.get(&path[..1]);
            let known = variants.into_iter().flat_map(Node::keys).map(|key| key.name.as_str());
            let known: Vec<&str> = known.collect();
            let help = self.problems.meant(variant, known.iter().copied(), || match known[..] {
                [] => "this scenario has no variants".to_owned(),
                _ => format!("known variants: {}", some_of(known.iter())),
            });
            let at = Some(tree.key_location(&path[..1]).unwrap_or(tree.at));
            let message = format!("there is no variant `{variant}`");
            self.problems.add(Problem::error(message, at).with_help(help));
            return;
        };
        let Value::Map(overrides) = node.value else { return };
        for (key, value) in overrides {
            self.set(tree, &key.name, value, key.at);
        }
    }

    /// Writes what is asked for outside the file into the tree, where the file would have it.
    pub fn apply(&mut self, tree: &mut Node, request: &Request) {
        match request {
            Request::Run | Request::Stability => {}
            Request::Sweep(request) => self.apply_sweep(tree, request),
            Request::Goals(request) => self.apply_goals(tree, request),
            Request::Condition(condition) => self.replay(tree, condition),
            Request::Point(values) => {
                leave_analysis(tree, None);
                for (path, value) in values {
                    self.apply_value(tree, "set", path, value);
                }
            }
        }
    }

    /// Writes a sweep requested outside the file into the tree, where the file would have it; the
    /// points of a sweep have no expectations.
    fn apply_sweep(&mut self, tree: &mut Node, request: &SweepRequest) {
        leave_analysis(tree, Some("sweep"));
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
                let problem = Problem::error(format!("`{vary}` has no values"), Some(whole));
                self.problems.add(problem.with_help(
                    "write `path=values`, such as `services.d.threads=20..200 step 20`",
                ));
                continue;
            };
            let key = Segment::Key(normalize_edge(path));
            let at = Location { start: path.len() + 1, ..whole };
            if tree.get(&[section("vary"), vec![key.clone()]].concat()).is_some() {
                let words = format!("`--vary {path}`");
                self.given_twice(&words, &words, Some(Location { end: path.len(), ..whole }));
                continue;
            }
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
            self.put(tree, &section(key), Node { value: Value::List(texts.into()), at }, at);
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

    /// Applies a condition, then the values of a candidate; removes expectations and sweep.
    fn apply_goals(&mut self, tree: &mut Node, request: &GoalsRequest) {
        leave_analysis(tree, Some("goals"));
        if let Some(condition) = &request.condition {
            self.apply_condition(tree, condition);
        }
        for (path, value) in &request.values {
            // `off` of what the file does not have, as when an earlier `off` was written into it.
            let is_off_already = value == "null" && tree.get(&parse_path(path)).is_none();
            if !is_off_already {
                self.apply_value(tree, "recommend", path, value);
            }
        }
    }

    /// Applies the overrides of a condition; those of conditions that come together, one after the
    /// other.
    pub(super) fn apply_condition(&mut self, tree: &mut Node, condition: &str) {
        /// The most conditions that one is made of: each may repeat others, which repeat others.
        const MOST_PARTS: usize = 1_000;
        let at = tree.key_location(&condition_path(condition));
        let mut left = MOST_PARTS;
        self.apply_parts(tree, condition, &mut Vec::new(), &mut left);
        if left == 0 {
            let message = format!("`{condition}` is made of {MOST_PARTS} conditions or more");
            let help = "name each only once, also in the lists of those that it names";
            self.problems.add(Problem::error(message, at).with_help(help));
        }
    }

    /// The same for a condition along a `trail` of those that it is part of, with as many parts as are `left`.
    fn apply_parts(
        &mut self,
        tree: &mut Node,
        condition: &str,
        trail: &mut Vec<String>,
        left: &mut usize,
    ) {
        *left = left.saturating_sub(1);
        let node = tree.get(&condition_path(condition)).filter(|_| *left > 0);
        let Some(node) = node.cloned() else { return };
        if trail.iter().any(|known| known == condition) {
            let problem = Problem::error(
                format!("the condition `{condition}` includes itself"),
                Some(node.at),
            );
            self.problems.add(problem.with_help("remove it from the list"));
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
                names.for_each(|name| self.apply_parts(tree, &name, trail, left));
            }
            _ => {}
        }
        trail.pop();
    }

    fn put(&mut self, tree: &mut Node, path: &[Segment], node: Node, at: Location) {
        if let Err(problem) = tree.set(path, node, at, short_form) {
            self.problems.add(problem);
        }
    }

    /// Applies `path=value`, where the value is YAML.
    pub fn apply_setting(&mut self, tree: &mut Node, setting: &str) {
        let Some((path, value)) = setting.split_once('=') else {
            self.problems.add(
                Problem::error(format!("`{setting}` has no value"), None)
                    .with_help("write `path=value`, such as `services.d.threads=60`"),
            );
            return;
        };
        self.apply_value(tree, "--set", path, value);
    }

    pub(super) fn apply_value(&mut self, tree: &mut Node, origin: &str, path: &str, value: &str) {
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

    pub(super) fn set(&mut self, tree: &mut Node, path: &str, value: Node, path_at: Location) {
        let segments = parse_path(path);
        let result = match unknown_name(tree, &segments, path_at) {
            Some(problem) => Err(problem),
            None => tree.set(&segments, value, path_at, short_form),
        };
        if let Err(problem) = result {
            self.problems.add(problem);
        }
    }
}

fn condition_path(condition: &str) -> Vec<Segment> {
    [parse_path("goals.conditions"), vec![Segment::Key(condition.to_owned())]].concat()
}

/// Refuses a setting below a service, database, cache, host or workload that does not exist: it is
/// a typing mistake, not a new one.
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

/// Removes the expectations and every analysis but one; they may refer to things that a condition or
/// a point removes.
pub(super) fn leave_analysis(tree: &mut Node, kept: Option<&str>) {
    let others = analyses::KEYS.into_iter().filter(|key| Some(*key) != kept);
    for section in others.chain(["expect"]) {
        tree.remove(&parse_path(section));
    }
}
