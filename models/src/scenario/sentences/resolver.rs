//! The resolution of the names in sentences.

use std::ops::Range;

use crate::expect::sentence::Unreadable;
use crate::language::{Location, Placed, Problems, did_you_mean, some_of};
use crate::scenario::names::Names;
use crate::scenario::plan::Plan;

/// Something is wrong, and has been reported.
pub(crate) struct Reported;

/// A sentence and its place in the file.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The sentence.
    pub text: &'a str,
    /// The place where it is written.
    pub at: Location,
    /// Bytes of the sentence that are not written there.
    pub unwritten: usize,
}

impl<'a> Place<'a> {
    /// A sentence that is written as it is.
    pub fn of(sentence: &'a Placed<String>) -> Self {
        Self { text: sentence, at: sentence.at(), unwritten: 0 }
    }
}

/// Resolves the names in sentences, and notes what has to be kept for them while a run lasts.
pub(crate) struct Resolver<'a, 'f> {
    /// The meaning of names.
    pub names: &'a Names<'f>,
    /// The part that has been compiled so far.
    pub plan: &'a mut Plan,
    /// The problems that were found.
    pub problems: &'a mut Problems,
}

impl Resolver<'_, '_> {
    pub fn unreadable(&mut self, Unreadable { at, expected }: &Unreadable, place: &Place<'_>) {
        let word = &place.text[at.clone()];
        let first_words =
            expected.iter().map(|expected| expected.split(' ').next().unwrap_or(expected));
        let meant = did_you_mean(word, first_words).filter(|_| !word.is_empty());
        let meant =
            meant.and_then(|meant| expected.iter().find(|expected| expected.starts_with(meant)));
        let message = if word.is_empty() {
            "this expectation is not complete".to_owned()
        } else {
            format!("`{word}` means nothing here")
        };
        let help = match meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => {
                format!(
                    "what can stand here: {}",
                    expected.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
                )
            }
        };
        self.problem_in(place, at, message, help);
    }

    pub fn problem_in(
        &mut self,
        place: &Place<'_>,
        at: &Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let location = self.location_in(place, at);
        self.problems.error(location, message, help);
    }

    /// An expectation of a guard that has been taken away is not wrong, it will only not come
    /// about.
    pub fn warning_in(
        &mut self,
        place: &Place<'_>,
        at: &Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let location = self.location_in(place, at);
        self.problems.warning(location, message, help);
    }

    /// The place of a part of a sentence in the file; quotes come before it. The place of the whole if the file has
    /// the sentence in another form: with escapes, on several lines, or as a part of the value of an argument.
    fn location_in(&self, place: &Place<'_>, at: &Range<usize>) -> Location {
        let Location { source, start, .. } = place.at;
        let start = start + usize::from(self.is_quoted_at(start, source));
        let rest = self.names.sources.get(source).and_then(|source| source.text.get(start..));
        let written = place.text.get(place.unwritten..);
        if !rest.zip(written).is_some_and(|(rest, written)| rest.starts_with(written)) {
            return place.at;
        }
        let shifted = |offset: usize| start + offset.saturating_sub(place.unwritten);
        // Where something is missing at the end, the last letter is shown.
        let last = place.text[..at.start].char_indices().next_back().map_or(0, |(last, _)| last);
        let first = if at.is_empty() { last } else { at.start };
        let letter = place.text[first..].chars().next().map_or(1, char::len_utf8);
        let end = shifted(at.end).max(shifted(first) + letter);
        Location { source, start: shifted(first), end }
    }

    fn is_quoted_at(&self, start: usize, source: u32) -> bool {
        self.names.sources.get(source).is_some_and(|source| {
            source.text[start.min(source.text.len())..].starts_with(['"', '\''])
        })
    }
}

/// Advice on which of the known names was meant.
pub(super) fn suggestion(written: &str, known: &[&str], problems: &Problems) -> String {
    let quoted = known.iter().map(|name| format!("`{name}`"));
    problems.meant(written, known.iter().copied(), || format!("known are {}", some_of(quoted)))
}
