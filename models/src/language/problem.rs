//! Problems of a scenario, with their places.

use std::sync::Arc;

use crate::printable::{is_hidden, line};

/// A text that values come from: a file, standard input, a command-line argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceText {
    /// The name that messages give it.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// All texts of a scenario; a [`Location`] refers to one by its number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources(Vec<Arc<SourceText>>);

impl Sources {
    /// Adds a text and returns its number.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> u32 {
        self.0.push(Arc::new(SourceText { name: name.into(), text: text.into() }));
        (self.0.len() - 1) as u32
    }

    /// The text with this number.
    pub fn get(&self, number: u32) -> Option<&SourceText> {
        self.0.get(number as usize).map(Arc::as_ref)
    }
}

/// A place in a text, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Location {
    /// The number of the text.
    pub source: u32,
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Location {
    /// Moves it towards the end of the text.
    pub(crate) fn shift(&mut self, bytes: usize) {
        self.start += bytes;
        self.end += bytes;
    }
}

/// The severity of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    /// The scenario cannot run.
    Error,
    /// It can run, but probably does something other than intended.
    Warning,
}

/// The kinds of problems that are handled differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// Any problem but the following.
    Ordinary,
    /// A rule between settings does not hold; changing another setting may mend it.
    BrokenRule,
    /// A setting has no effect, which harms nothing.
    WithoutEffect,
    /// A list has no item of this name or kind, or several.
    NoSuchItem,
}

/// A problem of a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Problem {
    /// Its severity.
    pub severity: Severity,
    /// Its kind, so that no code has to search the message.
    pub kind: ProblemKind,
    /// A sentence that says what is wrong.
    pub message: String,
    /// The same in a few words, shown beside the place.
    pub label: String,
    /// Advice on what to do.
    pub help: Option<String>,
    /// Its place, if it has one.
    pub at: Option<Location>,
    /// The place of the first of two things that cannot both be there.
    pub first: Option<Box<Location>>,
}

impl Problem {
    /// An error.
    pub fn error(message: impl Into<String>, at: Option<Location>) -> Self {
        Self {
            severity: Severity::Error,
            kind: ProblemKind::Ordinary,
            message: message.into(),
            label: String::new(),
            help: None,
            at,
            first: None,
        }
    }

    /// A warning.
    pub fn warning(message: impl Into<String>, at: Option<Location>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(message, at) }
    }

    /// True if the scenario cannot run because of it.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Sets its kind.
    pub fn of_kind(self, kind: ProblemKind) -> Self {
        Self { kind, ..self }
    }

    /// Adds a few words that are shown beside the place.
    pub fn labelled(self, label: impl Into<String>) -> Self {
        Self { label: label.into(), ..self }
    }

    /// Adds the place of the first of two things that cannot both be there.
    pub fn with_first(self, first: Location) -> Self {
        Self { first: Some(Box::new(first)), ..self }
    }

    /// Moves its places towards the end of the text.
    pub(crate) fn shift(&mut self, bytes: usize) {
        let first = self.first.as_deref_mut();
        self.at.iter_mut().chain(first).for_each(|at| at.shift(bytes));
    }

    /// Adds advice on what to do.
    pub fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

/// The problems found so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    list: Vec<Problem>,
    errors: usize,
}

impl Problems {
    /// Adds a problem.
    pub fn add(&mut self, problem: Problem) {
        self.errors += usize::from(problem.is_error());
        self.list.push(problem);
    }

    /// Takes back the warnings with this message; returns true if there are any.
    pub(crate) fn take_back(&mut self, message: &str) -> bool {
        let before = self.list.len();
        self.list.retain(|problem| problem.is_error() || problem.message != message);
        self.list.len() < before
    }

    /// All of them, in the order of their places; no warnings if there are errors. A part that
    /// could not be read may be the one that a warning misses.
    pub fn sorted(mut self) -> Vec<Problem> {
        let has_errors = self.has_errors();
        self.list.retain(|problem| problem.is_error() || !has_errors);
        self.list.sort_by_key(|problem| problem.at.map_or((0, 0), |at| (at.source, at.start)));
        self.list.dedup();
        self.list
    }

    /// The number of errors so far.
    pub(crate) fn errors(&self) -> usize {
        self.errors
    }

    /// True if the scenario cannot run.
    pub fn has_errors(&self) -> bool {
        self.errors > 0
    }
}

/// Names to choose one from, the first of them if there are many.
pub(crate) fn some_of<S: AsRef<str>>(names: impl ExactSizeIterator<Item = S>) -> String {
    const MOST: usize = 20;
    let count = names.len();
    let shown: Vec<S> = names.take(MOST).collect();
    let shown = shown.iter().map(|name| line(name.as_ref())).collect::<Vec<_>>().join(", ");
    match count {
        0..=MOST => shown,
        more => format!("{shown} and {} more", more - MOST),
    }
}

/// The candidate that was probably meant, if one is close enough. Nobody means one with characters that cannot be seen,
/// which are no name either.
pub(crate) fn did_you_mean<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    /// The most candidates that are looked at: somebody who has more names has a list of them.
    const MOST_CANDIDATES: usize = 2_000;
    let written = written.to_lowercase();
    let likeness = |candidate: &str| strsim::jaro_winkler(&written, &candidate.to_lowercase());
    candidates
        .into_iter()
        .take(MOST_CANDIDATES)
        .filter(|candidate| !candidate.contains(is_hidden))
        .map(|candidate| (likeness(candidate), candidate))
        .filter(|(score, _)| *score > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}
