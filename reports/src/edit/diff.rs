//! Two texts as a patch.

use similar::TextDiff;

/// The changes from one text to another as a unified diff, which `patch` and `git apply` read; empty
/// if there are none.
pub fn unified_diff(old: &str, new: &str, old_name: &str, new_name: &str) -> String {
    TextDiff::from_lines(old, new).unified_diff().header(old_name, new_name).to_string()
}
