//! Problems of a scenario, each with its place in the file and the text there.

use std::fmt::Write;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use sim_models::printable::{line, lines};
use sim_models::scenario::{Problem, Severity, Sources};

use crate::Palette;
use crate::printable::Visible;
use crate::units::{count, number_of};

/// Lines wider than this are cut around the place.
const WIDTH: usize = 120;
/// The most problems that are shown.
const MOST_SHOWN: usize = 100;

/// Writes all problems, one after the other, and a line that counts them.
pub fn render(problems: &[Problem], sources: &Sources, palette: Palette) -> String {
    let renderer =
        if palette == Palette::Coloured { Renderer::styled() } else { Renderer::plain() }
            .term_width(WIDTH);
    let shown = problems.iter().take(MOST_SHOWN);
    let mut text: String =
        shown.map(|problem| render_one(&renderer, problem, sources) + "\n\n").collect();
    if problems.len() > MOST_SHOWN {
        let more = count((problems.len() - MOST_SHOWN) as u64);
        let _ = writeln!(text, "and {more} more\n");
    }
    if !problems.is_empty() {
        text.push_str(&count_line(problems));
        text.push('\n');
    }
    text
}

fn render_one(renderer: &Renderer, problem: &Problem, sources: &Sources) -> String {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(line(&problem.message));
    let source = problem.at.and_then(|at| sources.get(at.source).map(|source| (at, source)));
    let text = source.map(|(_, source)| Visible::new(&source.text));
    let mut group = match (source, &text) {
        (Some((at, source)), Some(text)) => {
            let end = at.end.max(at.start);
            let annotation = AnnotationKind::Primary.span(text.place(at.start)..text.place(end));
            let annotation = if problem.label.is_empty() {
                annotation
            } else {
                annotation.label(line(&problem.label))
            };
            let snippet = Snippet::source(text.text());
            title.element(snippet.path(line(&source.name)).annotation(annotation))
        }
        _ => match sources.get(0) {
            Some(source) => title.element(Origin::path(line(&source.name))),
            None => Group::with_title(title),
        },
    };
    if let Some(help) = &problem.help {
        group = group.element(Level::HELP.message(lines(help)));
    }
    renderer.render(&[group])
}

fn count_line(problems: &[Problem]) -> String {
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    let number = |count: usize, thing: &str| match count {
        0 => format!("no {thing}s"),
        _ => number_of(count as u64, thing),
    };
    format!("{}, {}", number(errors, "error"), number(problems.len() - errors, "warning"))
}
