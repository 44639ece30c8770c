//! Timelines committed beside their scenarios: a file for each scenario, with a section for it and
//! for each of its variants.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use indexmap::map::Entry;
use sim_experiments::Finished;
use sim_models::observe::condensed;
use sim_models::printable::line;
use similar::{ChangeTag, TextDiff};

use super::Timeline;
use crate::narrate::committed_listing;

/// The section of the scenario as it is written.
const AS_WRITTEN: &str = "as written";
/// The first line of the file, around the name of the scenario.
const HEADING: (&str, &str) = (
    "What changes in a run of ",
    ". Written by `fusebox test --update`, compared by `fusebox test`.",
);
/// Unchanged lines around a difference.
const CONTEXT: usize = 2;

/// The timelines of a scenario and its variants, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshots(IndexMap<String, String>);

/// A file of timelines as it was found: it may have been damaged or merged by hand.
///
/// If there is one, every case of the scenario is to be compared. So a case without a section fails, and so does
/// everything that `fusebox test --update` would not have written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// The first section of each title.
    pub timelines: Snapshots,
    /// The titles that more than one section has.
    repeated: BTreeSet<String>,
    /// The number of the first line that is part of no section, from 1.
    stray: Option<usize>,
}

impl Committed {
    /// Reads a file.
    ///
    /// ```
    /// use sim_reports::testing::{Committed, Snapshots};
    /// let mut timelines = Snapshots::default();
    /// timelines.set(Some("slow"), "   1:00.000  fault  * db  paused\n");
    /// let read = Committed::parse(&timelines.render("shop"));
    /// assert_eq!(read, Committed::from(timelines));
    /// ```
    pub fn parse(text: &str) -> Self {
        let mut committed = Self::default();
        let mut sections: Vec<(String, String)> = Vec::new();
        // Tools may leave any number of carriage returns, and a file is to be the same after it was read and written.
        for (index, line) in text.lines().map(|line| line.trim_end_matches('\r')).enumerate() {
            let heading = line.trim_end().strip_prefix("== ");
            if let Some(title) = heading.and_then(|rest| rest.strip_suffix(" ==")) {
                sections.push((title.to_owned(), String::new()));
            } else if let Some((_, body)) = sections.last_mut() {
                body.push_str(line);
                body.push('\n');
            } else if !line.trim().is_empty() && !is_heading(line) {
                committed.stray.get_or_insert(index + 1);
            }
        }
        for (title, body) in sections {
            match committed.timelines.0.entry(title) {
                Entry::Vacant(place) => drop(place.insert(with_one_newline(&body))),
                Entry::Occupied(first) => drop(committed.repeated.insert(first.key().clone())),
            }
        }
        committed
    }

    /// The timeline of a case, compared with the committed one.
    pub fn compared(&self, variant: Option<&str>, now: &str) -> Timeline {
        match self.timelines.get(variant) {
            None => Timeline::Missing,
            Some(_) if self.repeated.contains(title(variant)) => Timeline::Repeated,
            Some(committed) if !says_the_same(committed, now) => {
                Timeline::Differs(difference(committed, now))
            }
            Some(_) => self.stray.map_or(Timeline::Same, Timeline::Stray),
        }
    }
}

impl From<Snapshots> for Committed {
    fn from(timelines: Snapshots) -> Self {
        Self { timelines, ..Self::default() }
    }
}

impl Snapshots {
    /// The file.
    pub fn render(&self, scenario: &str) -> String {
        let sections = self.0.iter().map(|(title, body)| format!("\n== {title} ==\n{body}"));
        let heading = format!("{}{}{}\n", HEADING.0, line(scenario), HEADING.1);
        std::iter::once(heading).chain(sections).collect()
    }

    /// The timeline of a variant.
    pub fn get(&self, variant: Option<&str>) -> Option<&str> {
        self.0.get(title(variant)).map(String::as_str)
    }

    /// Replaces the timeline of a variant, unless only the spaces between its columns would change.
    pub fn set(&mut self, variant: Option<&str>, timeline: &str) {
        if !self.get(variant).is_some_and(|committed| says_the_same(committed, timeline)) {
            self.0.insert(title(variant).to_owned(), with_one_newline(timeline));
        }
    }

    /// The sections of variants that are not among `variants`.
    pub fn orphans(&self, variants: &[String]) -> Vec<String> {
        self.0
            .keys()
            .filter(|title| *title != AS_WRITTEN && !variants.contains(title))
            .cloned()
            .collect()
    }

    /// Removes the sections of variants that are not among `variants`, and puts the others in that
    /// order.
    pub fn keep(&mut self, variants: &[String]) {
        let wanted = std::iter::once(AS_WRITTEN).chain(variants.iter().map(String::as_str));
        self.0 = wanted
            .filter_map(|title| Some((title.to_owned(), self.0.get(title)?.clone())))
            .collect();
    }
}

/// The timeline of a run as it is committed.
pub fn snapshot(finished: &Finished) -> String {
    let moments = condensed(&finished.timeline, finished.system.blueprint());
    with_one_newline(&committed_listing(&moments))
}

/// The words of each line, without the spaces that only put them into columns.
fn words(timeline: &str) -> Vec<String> {
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    timeline.trim_end().lines().map(words).collect()
}

/// True if two timelines differ at most in the spaces between their columns.
fn says_the_same(one: &str, other: &str) -> bool {
    one == other || words(one) == words(other)
}

/// The lines that are gone from a committed timeline (`-`) and those that are new (`+`), with a few
/// unchanged ones around them.
fn difference(committed: &str, now: &str) -> String {
    let (old_words, new_words) = (words(committed), words(now));
    let (old_lines, new_lines): (Vec<&str>, Vec<&str>) =
        (committed.lines().collect(), now.lines().collect());
    let (old, new): (Vec<&str>, Vec<&str>) = (
        old_words.iter().map(String::as_str).collect(),
        new_words.iter().map(String::as_str).collect(),
    );
    let diff = TextDiff::from_slices(&old, &new);
    let mut text = String::new();
    for (number, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if number > 0 {
            text.push_str("  …\n");
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            let new = change.new_index().and_then(|index| new_lines.get(index));
            let line = new.or_else(|| old_lines.get(change.old_index()?)).copied();
            text.push_str(format!("{sign} {}", line.unwrap_or_default()).trim_end());
            text.push('\n');
        }
    }
    text
}

/// The title of the section of a case.
fn title(variant: Option<&str>) -> &str {
    variant.unwrap_or(AS_WRITTEN)
}

/// True for the first line of a file, of a scenario with any name: a file may be renamed.
fn is_heading(line: &str) -> bool {
    line.starts_with(HEADING.0) && line.ends_with(HEADING.1)
}

fn with_one_newline(text: &str) -> String {
    format!("{}\n", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "What changes in a run of shop. Written by `fusebox test --update`, \
         compared by `fusebox test`.\n\n== as written ==\n one\n two\n\n== slow ==\n three\n";

    fn compared(text: &str) -> [Timeline; 2] {
        let committed = Committed::parse(text);
        [committed.compared(None, " one\n two\n"), committed.compared(Some("slow"), " three\n")]
    }

    #[test]
    fn only_a_whole_file_is_as_committed() {
        assert_eq!(compared(WHOLE), [Timeline::Same, Timeline::Same]);
        assert_eq!(compared(&WHOLE.replace('\n', "\r\n")), [Timeline::Same, Timeline::Same]);
        for nothing in ["", "\n\n  \n", "\u{fffd}PNG", &WHOLE.replace("==", "")] {
            assert_eq!(compared(nothing), [Timeline::Missing, Timeline::Missing], "{nothing:?}");
        }
        let stray = WHOLE.replacen('\n', "\nTODO\n", 1);
        assert_eq!(compared(&stray), [Timeline::Stray(2), Timeline::Stray(2)]);
        let twice = format!("{WHOLE}\n== slow ==\n three\n");
        assert_eq!(compared(&twice), [Timeline::Same, Timeline::Repeated]);
    }

    #[test]
    fn only_words_count_not_the_spaces_between_columns() {
        let wide = WHOLE.replace(" two\n", "   two\n");
        assert_eq!(compared(&wide), [Timeline::Same, Timeline::Same]);
        let mut timelines = Committed::parse(&wide).timelines;
        timelines.set(None, " one\n two\n");
        assert_eq!(timelines.render("shop"), wide, "as it was");
        let now = " one\n one and a half\n  two\n";
        let expected = "   one\n+  one and a half\n    two\n";
        let Timeline::Differs(told) = Committed::parse(WHOLE).compared(None, now) else {
            panic!("a line is new")
        };
        assert_eq!(told, expected);
    }

    /// Wherever a file is cut off, a case is missing or differs, unless only blanks are lost.
    #[test]
    fn a_file_that_is_cut_off_anywhere_is_not_as_committed() {
        for end in 0..WHOLE.trim_end().len() {
            let compared = compared(&WHOLE[..end]);
            assert!(compared.iter().any(|it| *it != Timeline::Same), "{:?}", &WHOLE[..end]);
        }
    }
}
