//! Timelines committed beside their scenarios: a file for each scenario, with a section for it and
//! for each of its variants.

use indexmap::IndexMap;
use sim_experiments::Finished;
use sim_models::observe::condensed;
use sim_models::printable::line;
use similar::{ChangeTag, TextDiff};

use crate::Palette;
use crate::narrate::listing;

/// The section of the scenario as it is written.
const AS_WRITTEN: &str = "as written";
/// Unchanged lines around a difference.
const CONTEXT: usize = 2;

/// The timelines of a scenario and its variants, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshots(IndexMap<String, String>);

impl Snapshots {
    /// Reads the file. Everything before the first section is a comment.
    ///
    /// ```
    /// use sim_reports::testing::Snapshots;
    /// let mut snapshots = Snapshots::default();
    /// snapshots.set(Some("slow"), "   1:00.000  fault  * db  paused\n");
    /// assert_eq!(Snapshots::parse(&snapshots.render("shop")), snapshots);
    /// ```
    pub fn parse(text: &str) -> Self {
        let mut sections = IndexMap::new();
        let mut current: Option<(String, String)> = None;
        // Tools may leave any number of carriage returns, and a file is to be the same after it was read and written.
        for line in text.lines().map(|line| line.trim_end_matches('\r')) {
            match line.strip_prefix("== ").and_then(|rest| rest.strip_suffix(" ==")) {
                Some(title) => {
                    sections.extend(current.replace((title.to_owned(), String::new())));
                }
                None => {
                    if let Some((_, body)) = &mut current {
                        body.push_str(line);
                        body.push('\n');
                    }
                }
            }
        }
        sections.extend(current);
        for body in sections.values_mut() {
            *body = with_one_newline(body);
        }
        Self(sections)
    }

    /// The file.
    pub fn render(&self, scenario: &str) -> String {
        let sections = self.0.iter().map(|(title, body)| format!("\n== {title} ==\n{body}"));
        let heading = format!(
            "What changes in a run of {}. Written by `fusebox test --update`, compared by \
             `fusebox test`.\n",
            line(scenario)
        );
        std::iter::once(heading).chain(sections).collect()
    }

    /// The timeline of a variant.
    pub fn get(&self, variant: Option<&str>) -> Option<&str> {
        self.0.get(variant.unwrap_or(AS_WRITTEN)).map(String::as_str)
    }

    /// Replaces the timeline of a variant.
    pub fn set(&mut self, variant: Option<&str>, timeline: &str) {
        self.0.insert(variant.unwrap_or(AS_WRITTEN).to_owned(), with_one_newline(timeline));
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
    with_one_newline(&listing(
        &condensed(&finished.timeline, finished.system.blueprint()),
        Palette::Plain,
    ))
}

/// The lines that are gone from a committed timeline (`-`) and those that are new (`+`), with a few
/// unchanged ones around them.
pub fn difference(committed: &str, now: &str) -> String {
    let diff = TextDiff::from_lines(committed, now);
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
            text.push_str(format!("{sign} {}", change.value()).trim_end());
            text.push('\n');
        }
    }
    text
}

fn with_one_newline(text: &str) -> String {
    format!("{}\n", text.trim_end())
}
