//! Recommended changes as arguments of a command line, and as a table.

use sim_experiments::recommend::{Candidate, Change, TunableSystem, changes};

use super::settings::{value, values as table_of_values};
use crate::Paper;
use crate::layout::Page;
use crate::palette::Tone;
use crate::paper::columns_of;
use crate::run::quoted;

/// The settings of a candidate beside the present ones, and its changes as arguments.
pub fn values(system: &TunableSystem, candidate: &Candidate, paper: impl Into<Paper>) -> String {
    let paper = paper.into();
    let plan = system.plan();
    let changes = changes(plan, candidate);
    let about = format!("{} of {} settings change", changes.len(), plan.settings.len());
    let mut page = Page::toned(paper, &system.as_written()[0].name, Tone::Better, &about);
    let settings = plan.names().zip(&plan.settings).zip(&plan.now).zip(&candidate.levels);
    let rows = settings.map(|(((name, setting), now), level)| {
        let is_changed = changes.iter().any(|change| change.setting == setting);
        value(name, now.as_ref(), is_changed.then_some(level))
    });
    let table = table_of_values("recommended", rows);
    page.section("Settings", &table.lines(paper.within_section()));
    page.section_of_changes(&changes, paper);
    page.finish()
}

impl Page {
    /// Adds the section from which changes can be pasted, if there are any.
    pub(super) fn section_of_changes(&mut self, changes: &[Change<'_>], paper: Paper) {
        if !changes.is_empty() {
            let lines = set_lines(changes, paper.within_section());
            self.section_as_it_is("To be pasted behind `fusebox run FILE`", &lines);
        }
    }
}

/// `--set 'path=value'` for each change, on one line for a POSIX shell; empty without changes.
pub fn set_line(changes: &[Change<'_>]) -> String {
    arguments(changes).join(" ")
}

/// The same on lines of at most `columns`, where that leaves each argument whole. All but the last
/// end with a backslash, so that a shell takes them for one.
fn set_lines(changes: &[Change<'_>], columns: usize) -> String {
    const CONTINUED: &str = " \\";
    let mut lines: Vec<String> = Vec::new();
    for argument in arguments(changes) {
        match lines.last_mut() {
            Some(last)
                if columns_of(last) + 1 + columns_of(&argument) + CONTINUED.len() <= columns =>
            {
                last.push(' ');
                last.push_str(&argument);
            }
            _ => lines.push(argument),
        }
    }
    lines.join(&format!("{CONTINUED}\n"))
}

fn arguments(changes: &[Change<'_>]) -> Vec<String> {
    let set = |change: &Change<'_>| {
        format!("--set {}", quoted(&format!("{}={}", change.setting.path, change.value)))
    };
    changes.iter().map(set).collect()
}
