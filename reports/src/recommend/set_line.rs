//! Recommended changes as arguments of a command line, and as a table.

use sim_experiments::recommend::{Candidate, Change, TunableSystem, changes};

use crate::Palette;
use crate::layout::{Page, table};
use crate::palette::Tone;

/// The settings of a candidate beside the present ones, and its changes as arguments.
pub fn values(system: &TunableSystem, candidate: &Candidate, palette: Palette) -> String {
    let plan = system.plan();
    let changes = changes(plan, candidate);
    let about = format!("{} of {} settings change", changes.len(), plan.settings.len());
    let about = palette.paint(Tone::Better, &about);
    let mut page = Page::new(palette, &system.as_written()[0].name, &about);
    let settings = plan.settings.iter().zip(&plan.now).zip(&candidate.levels);
    let rows = settings.map(|((setting, now), level)| {
        let now = now.as_ref().map_or_else(|| "-".to_owned(), |now| now.shown.clone());
        let is_changed = changes.iter().any(|change| change.setting == setting);
        let recommended = if is_changed { level.shown.clone() } else { "keep".to_owned() };
        vec![setting.path.clone(), now, recommended]
    });
    page.section("Settings", &table(&["setting", "now", "recommended"], &[1, 2], rows));
    page.section_of_changes(&changes);
    page.finish()
}

impl Page {
    /// Adds the section from which changes can be pasted, if there are any.
    pub(super) fn section_of_changes(&mut self, changes: &[Change<'_>]) {
        if !changes.is_empty() {
            self.section("To be pasted behind `fusebox run FILE`", &set_line(changes));
        }
    }
}

/// `--set 'path=value'` for each change, on one line for a POSIX shell; empty without changes.
pub fn set_line(changes: &[Change<'_>]) -> String {
    let set = |change: &Change<'_>| {
        format!("--set {}", quoted(&format!("{}={}", change.setting.path, change.value)))
    };
    changes.iter().map(set).collect::<Vec<_>>().join(" ")
}

/// A word as a shell reads it, in single quotes if it has letters that mean something to one.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_-./=:,%+@".contains(letter);
    if word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_needs_it() {
        assert_eq!(quoted("services.api.threads=20"), "services.api.threads=20");
        assert_eq!(quoted("calls.c -> d.timeout=1s"), "'calls.c -> d.timeout=1s'");
        assert_eq!(quoted("x='a'"), r"'x='\''a'\'''");
        assert_eq!(quoted("faults[0].by=2x"), "'faults[0].by=2x'");
    }
}
