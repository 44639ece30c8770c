//! Warnings that an author knows about, each with the reason why it is no mistake.

use crate::language::{Location, Placed, Problem, Problems, section};

section! {
    /// A warning that is no mistake here.
    pub(crate) struct Acknowledgement {
        /// The warning, word by word, without the variant that it is of.
        "warning" => warning: Placed<String>,
        /// The reason why it is no mistake.
        "because" => because: Placed<String>,
    }
}

/// Takes acknowledged warnings away. Returns the places and the texts of those that no problem has.
pub(super) fn acknowledge(
    acknowledged: &[Acknowledgement],
    problems: &mut Problems,
) -> Vec<(Location, String)> {
    let mut unused = Vec::new();
    for Acknowledgement { warning, because, .. } in acknowledged {
        if because.trim().is_empty() {
            let help = "write why this is no mistake, for those who read the file later";
            problems.error(because.at(), "an acknowledged warning needs a reason", help);
        }
        if !problems.take_back(warning) {
            unused.push((warning.at(), warning.to_string()));
        }
    }
    unused
}

/// The warning about an acknowledgement of a warning that nothing says.
pub(super) fn unused((at, warning): &(Location, String)) -> Problem {
    Problem::warning(format!("no warning says `{warning}`"), Some(*at))
        .labelled("not needed")
        .with_help("copy the words of the warning, without the variant before it; or leave it out")
}
