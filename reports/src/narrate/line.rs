//! A line of the timeline.

use crate::palette::Tone;

/// A change in words.
pub(crate) struct Line {
    /// The thing that changed: a station, an edge, a workload.
    pub subject: String,
    /// The kind of thing, in one word.
    pub kind: &'static str,
    /// The change.
    pub text: String,
    /// The direction of the change: for better, for worse, or not yet decided.
    pub tone: Tone,
}

impl Line {
    pub fn new(tone: Tone, kind: &'static str, subject: &str, text: impl Into<String>) -> Self {
        Self { subject: subject.to_owned(), kind, text: text.into(), tone }
    }

    /// A change for the worse.
    pub fn worse(kind: &'static str, subject: &str, text: impl Into<String>) -> Self {
        Self::new(Tone::Worse, kind, subject, text)
    }

    /// A change for the better.
    pub fn better(kind: &'static str, subject: &str, text: impl Into<String>) -> Self {
        Self::new(Tone::Better, kind, subject, text)
    }

    /// A mark that shows the tone without colour.
    pub fn mark(&self) -> &'static str {
        match self.tone {
            Tone::Fault => "*",
            Tone::Worse => "!",
            Tone::Probing => "~",
            Tone::Better => "+",
            Tone::Heading | Tone::Faint => " ",
        }
    }
}
