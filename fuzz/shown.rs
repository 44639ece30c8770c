//! Output for an input: visible characters on lines, and nothing that a terminal would obey.

use sim_models::printable::is_hidden;
use sim_models::scenario::{Problem, Sources};
use sim_reports::{Palette, diagnostics};

/// Fails if a text has a character that cannot be seen, other than the end of a line.
pub fn visible(text: &str) {
    let hidden = text.chars().find(|c| is_hidden(*c) && *c != '\n');
    assert!(hidden.is_none(), "{hidden:?} is shown in {text:?}");
}

/// Shows the problems of an input. Fails if any of them says nothing.
pub fn problems(problems: &[Problem], sources: &Sources) {
    for problem in problems {
        assert!(!problem.message.trim().is_empty(), "{problem:?}");
    }
    visible(&diagnostics::render(problems, sources, Palette::Plain));
}
