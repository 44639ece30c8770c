//! What is wrong with a scenario, and where.

/// A text that values come from: a file, standard input, a command-line argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What to call it in messages.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// All texts of a scenario; a [`Location`] names one by its position.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources(Vec<Source>);

impl Sources {
    /// Adds a text and returns its number.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> u32 {
        self.0.push(Source { name: name.into(), text: text.into() });
        (self.0.len() - 1) as u32
    }

    /// The text with this number.
    pub fn get(&self, number: u32) -> Option<&Source> {
        self.0.get(number as usize)
    }
}

/// A place in a text, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Location {
    /// Which text.
    pub source: u32,
    /// First byte.
    pub start: usize,
    /// After the last byte.
    pub end: usize,
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The scenario cannot run.
    Error,
    /// It can, but probably does not mean what was meant.
    Warning,
}

/// The kinds of problem that someone handles differently from the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// Anything but the following.
    Ordinary,
    /// A rule between settings does not hold; changing another setting may mend it.
    BrokenRule,
}

/// Something wrong with a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// Its kind, so that nobody needs to look at the message to tell.
    pub kind: ProblemKind,
    /// What is wrong, in one sentence.
    pub message: String,
    /// The same in a few words, to stand beside the place.
    pub label: String,
    /// What would be right.
    pub help: Option<String>,
    /// Where, if it has a place.
    pub at: Option<Location>,
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
        }
    }

    /// A warning.
    pub fn warning(message: impl Into<String>, at: Option<Location>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(message, at) }
    }

    /// Whether the scenario cannot be run because of it.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The same problem as one of another kind.
    pub fn of_kind(self, kind: ProblemKind) -> Self {
        Self { kind, ..self }
    }

    /// With a few words beside the place.
    pub fn labelled(self, label: impl Into<String>) -> Self {
        Self { label: label.into(), ..self }
    }

    /// With what would be right.
    pub fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

/// Problems found so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    list: Vec<Problem>,
    errors: usize,
}

impl Problems {
    /// Adds one.
    pub fn add(&mut self, problem: Problem) {
        self.errors += usize::from(problem.is_error());
        self.list.push(problem);
    }

    /// All of them, in the order of their places.
    pub fn sorted(mut self) -> Vec<Problem> {
        self.list.sort_by_key(|problem| problem.at.map_or((0, 0), |at| (at.source, at.start)));
        self.list.dedup();
        self.list
    }

    /// How many errors there are so far.
    pub(super) fn errors(&self) -> usize {
        self.errors
    }

    /// True if the scenario cannot run.
    pub fn has_errors(&self) -> bool {
        self.errors > 0
    }
}

/// The candidate that was probably meant, if one is close enough.
pub(crate) fn did_you_mean<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let likeness =
        |candidate: &str| strsim::jaro_winkler(&written.to_lowercase(), &candidate.to_lowercase());
    candidates
        .into_iter()
        .map(|candidate| (likeness(candidate), candidate))
        .filter(|(score, _)| *score > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}
