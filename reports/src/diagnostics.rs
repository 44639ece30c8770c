//! Problems of a scenario, each with its place in the file and the text there.

use std::fmt::Write;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use sim_models::line_ends::{ends_line, line_and_column};
use sim_models::printable::line;
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
    let first = problem
        .first
        .as_deref()
        .filter(|first| problem.at.is_some_and(|at| at.source == first.source));
    let shown = source.map(|(at, source)| {
        let lines =
            lines_around(&source.text, at.start.min(first.map_or(at.start, |it| it.start)), at.end);
        (Visible::new(&source.text[lines.clone()]), lines.start)
    });
    let mut group = match (source, &shown) {
        (Some((at, source)), Some((text, begin))) => {
            let place = |byte: usize| text.place(letter_at(&source.text, byte) - begin);
            let annotation =
                AnnotationKind::Primary.span(place(at.start)..place(at.end.max(at.start)));
            let annotation = if problem.label.is_empty() {
                annotation
            } else {
                annotation.label(line(&problem.label))
            };
            let (line_number, _) = line_and_column(&source.text[..*begin]);
            let first = first.map(|first| {
                AnnotationKind::Context
                    .span(place(first.start)..place(first.end))
                    .label("first here")
            });
            let snippet =
                Snippet::source(text.text()).line_start(line_number).annotation(annotation);
            title.element(snippet.path(line(&source.name)).annotations(first))
        }
        _ => match sources.get(0) {
            Some(source) => title.element(Origin::path(line(&source.name))),
            None => Group::with_title(title),
        },
    };
    if let Some(help) = &problem.help {
        let help: Vec<_> = help.split('\n').map(line).collect();
        group = group.element(Level::HELP.message(help.join("\n")));
    }
    renderer.render(&[group])
}

/// The beginning of the letter that a byte belongs to.
fn letter_at(text: &str, byte: usize) -> usize {
    (0..=byte.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// The whole lines from one byte of a text to another.
fn lines_around(text: &str, first: usize, last: usize) -> Range<usize> {
    let (bytes, first) = (text.as_bytes(), first.min(text.len()));
    let ends = |place: &usize| ends_line(bytes, *place);
    let start = (0..first).rev().find(ends).map_or(0, |end| end + 1);
    let end = (last.clamp(first, text.len())..text.len()).find(ends);
    start..end.unwrap_or(text.len())
}

fn count_line(problems: &[Problem]) -> String {
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    let number = |count: usize, thing: &str| match count {
        0 => format!("no {thing}s"),
        _ => number_of(count as u64, thing),
    };
    format!("{}, {}", number(errors, "error"), number(problems.len() - errors, "warning"))
}
