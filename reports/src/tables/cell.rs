//! A cell of a table, which knows how to share a row with others of its column.

use sim_models::observe::{FigureUnit, Span};

use crate::units::{clock, count, duration, figure, percent, rate, significant, with_error};

/// A space at which no line is broken.
pub(super) const NO_BREAK: char = '\u{a0}';

/// A text that stays on one line.
pub(super) fn unbroken(text: &str) -> String {
    text.chars().map(|c| if c == ' ' { NO_BREAK } else { c }).collect()
}

/// A cell of a table.
#[derive(Clone)]
pub(crate) enum Cell {
    /// A name or words.
    Text(String),
    /// A figure.
    Figure(Figure),
    /// Numbers of things of several kinds.
    Counts(Vec<Counted>),
    /// Spans of time in order.
    Spans(Vec<Span>),
}

/// A figure in a cell.
#[derive(Clone)]
pub(crate) struct Figure {
    value: f64,
    /// Half the width of its confidence interval; `None` if that is not known.
    half_width: Option<f64>,
    written: fn(f64) -> String,
    /// The text of a figure that shares its row with no other; `None` if it is as usual.
    alone: Option<String>,
    likeness: Likeness,
}

/// The meaning of a figure for the question whether two of them are alike.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Likeness {
    /// A number of things, which differs by chance.
    Count,
    Share,
    Time,
    /// A figure of another unit.
    Other,
    /// A figure that one rare event decides, such as a maximum.
    Extreme,
}

/// A number of things of a kind.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counted {
    /// The words before the first kind of several.
    pub of: &'static str,
    pub kind: &'static str,
    pub number: u64,
}

impl Cell {
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    /// A number of things.
    pub fn count(number: u64) -> Self {
        Self::figure_of(number as f64, |value| count(value as u64), Likeness::Count)
    }

    /// A share from 0 to 1.
    pub fn share(share: f64) -> Self {
        Self::figure_of(share, percent, Likeness::Share)
    }

    /// Seconds.
    pub fn time(seconds: f64) -> Self {
        Self::figure_of(seconds, duration, Likeness::Time)
    }

    /// A rate per second.
    pub fn rate(per_second: f64) -> Self {
        Self::figure_of(per_second, rate, Likeness::Other)
    }

    /// A number without a unit.
    pub fn number(value: f64) -> Self {
        Self::figure_of(value, significant, Likeness::Other)
    }

    /// A figure in its unit.
    pub fn in_unit(value: f64, unit: FigureUnit) -> Self {
        match unit {
            FigureUnit::Share => Self::share(value),
            FigureUnit::Time => Self::time(value),
            FigureUnit::Rate => Self::rate(value),
            FigureUnit::Factor => {
                Self::figure_of(value, |it| figure(it, FigureUnit::Factor), Likeness::Other)
            }
            FigureUnit::Count => {
                Self::figure_of(value, |it| figure(it, FigureUnit::Count), Likeness::Count)
            }
        }
    }

    fn figure_of(value: f64, written: fn(f64) -> String, likeness: Likeness) -> Self {
        Self::Figure(Figure { value, half_width: None, written, alone: None, likeness })
    }

    /// The same figure as one that a rare event decides.
    pub fn extreme(self) -> Self {
        match self {
            Self::Figure(figure) => Self::Figure(Figure { likeness: Likeness::Extreme, ..figure }),
            other => other,
        }
    }

    /// The same figure with half the width of its confidence interval, written as `alone` if it shares its row with
    /// no other.
    pub fn estimate(self, half_width: Option<f64>, alone: Option<String>) -> Self {
        match self {
            Self::Figure(figure) => Self::Figure(Figure { half_width, alone, ..figure }),
            other => other,
        }
    }

    /// The text of the cell in a row of its own.
    pub fn shown(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Figure(Figure { value, half_width, written, alone, .. }) => {
                alone.clone().unwrap_or_else(|| with_error(*value, *half_width, written))
            }
            Self::Counts(counts) => counts_text(counts, |number| count(*number)),
            Self::Spans(spans) => spans_text(spans),
        }
    }

    /// The text of a cell that stands for several of the same column.
    pub(super) fn of_several(cells: &[&Self]) -> String {
        match cells.first() {
            Some(Self::Figure(first)) => range_of(first, cells),
            Some(Self::Counts(_)) => {
                let ends = |of: &Counted| {
                    let numbers = || cells.iter().map(|cell| cell.number_of(of));
                    range(numbers().min(), numbers().max(), |it| count(it.unwrap_or(0)))
                };
                let kinds: Vec<(Counted, String)> =
                    kinds(cells).into_iter().map(|of| (of, ends(&of))).collect();
                let texts = kinds.iter().map(|(of, text)| (*of, text.clone()));
                counted_text(texts)
            }
            Some(Self::Spans(_)) => spans_of_several(cells),
            Some(Self::Text(text)) => text.clone(),
            None => String::new(),
        }
    }

    /// The number of a kind in a cell of counts.
    fn number_of(&self, of: &Counted) -> u64 {
        let Self::Counts(counts) = self else { return 0 };
        let same = counts.iter().find(|it| (it.of, it.kind) == (of.of, of.kind));
        same.map_or(0, |it| it.number)
    }

    /// For each cell of a column, true if its figures are like the others'.
    pub(super) fn are_alike(cells: &[&Self]) -> Vec<bool> {
        match cells.first() {
            Some(Self::Figure(first)) => {
                let values = cells.iter().map(|cell| match cell {
                    Self::Figure(figure) => figure.value,
                    _ => f64::NAN,
                });
                first.likeness.near_the_median(&values.collect::<Vec<_>>())
            }
            Some(Self::Counts(_)) => kinds(cells)
                .iter()
                .map(|of| {
                    let numbers = cells.iter().map(|cell| cell.number_of(of) as f64);
                    Likeness::Count.near_the_median(&numbers.collect::<Vec<_>>())
                })
                .fold(vec![true; cells.len()], both),
            Some(Self::Spans(_)) => {
                let seconds: Vec<f64> = cells.iter().map(|cell| cell.seconds()).collect();
                let number = |cell: &&Self| matches!(cell, Self::Spans(spans) if spans.is_empty());
                let empty = cells.iter().filter(|cell| number(cell)).count();
                let most_are_empty = 2 * empty > cells.len();
                let same = cells.iter().map(|cell| number(cell) == most_are_empty).collect();
                both(Likeness::Time.near_the_median(&seconds), same)
            }
            Some(Self::Text(_)) | None => vec![true; cells.len()],
        }
    }

    /// The seconds of all spans together; without a known end they are as long as can be.
    fn seconds(&self) -> f64 {
        const ENDLESS: f64 = 1e9;
        let Self::Spans(spans) = self else { return 0.0 };
        spans.iter().map(|span| span.to.unwrap_or(ENDLESS) - span.from).sum()
    }
}

fn both(first: Vec<bool>, second: Vec<bool>) -> Vec<bool> {
    first.into_iter().zip(second).map(|(first, second)| first && second).collect()
}

/// The number of values from which on some are far from the median by chance.
const MANY: usize = 20;

impl Likeness {
    /// For each value, true if it is near the median of all. docs/results.md has the distances.
    fn near_the_median(self, values: &[f64]) -> Vec<bool> {
        if self == Self::Extreme {
            return vec![true; values.len()];
        }
        let median = median(values.iter().copied());
        if median.is_nan() {
            return values.iter().map(|value| value.is_nan()).collect();
        }
        let usual = 8.0 * self::median(values.iter().map(|value| (value - median).abs()));
        let size = median.abs();
        // Of many, one may be far from the median by chance.
        let usual = if values.len() < MANY { 0.0 } else { usual.min(size) };
        let far = match self {
            Self::Share => usual.clamp(0.01, 0.05),
            Self::Count => usual.max(0.25 * size).max(5.0 * libm::sqrt(size.max(1.0))),
            Self::Time => usual.max(0.25 * size).max(0.001),
            Self::Other | Self::Extreme => usual.max(0.25 * size).max(0.1),
        };
        values.iter().map(|value| (value - median).abs() <= far).collect()
    }
}

/// The median; NaN if most values are unknown.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The least and the greatest figure of a column, with the widest of their intervals.
fn range_of(first: &Figure, cells: &[&Cell]) -> String {
    let figures = || {
        cells.iter().filter_map(|cell| match cell {
            Cell::Figure(figure) => Some(figure),
            _ => None,
        })
    };
    let ends = figures()
        .map(|figure| figure.value)
        .fold((f64::NAN, f64::NAN), |(least, most), it| (it.min(least), it.max(most)));
    let range = range(ends.0, ends.1, first.written);
    let widest = figures().filter_map(|figure| figure.half_width).reduce(f64::max);
    match widest {
        Some(half_width) => format!("{range} ± {}", (first.written)(half_width)),
        None => range,
    }
}

/// Two figures with what comes between them: `91.2–93.0%`; one if they read the same.
fn range<T>(least: T, most: T, written: impl Fn(T) -> String) -> String {
    let (least, most) = (written(least), written(most));
    if least == most {
        return least;
    }
    let unit = |text: &str| {
        text.trim_start_matches(|c: char| !c.is_alphabetic() && c != '%' && c != '/').to_owned()
    };
    let number = match unit(&most) {
        shared if shared == unit(&least) => least.trim_end_matches(&shared).trim_end(),
        _ => &least,
    };
    format!("{number}–{most}")
}

/// Each kind with its number: a cell.
pub(crate) fn counts<'a>(
    of: &'static str,
    kinds: impl IntoIterator<Item = (&'a &'static str, &'a u64)>,
) -> impl Iterator<Item = Counted> {
    kinds.into_iter().map(move |(kind, number)| Counted { of, kind, number: *number })
}

/// All kinds of several cells, in order.
fn kinds(cells: &[&Cell]) -> Vec<Counted> {
    let mut kinds: Vec<Counted> = Vec::new();
    for cell in cells {
        let Cell::Counts(counts) = cell else { continue };
        for counted in counts {
            if !kinds.iter().any(|it| (it.of, it.kind) == (counted.of, counted.kind)) {
                kinds.push(*counted);
            }
        }
    }
    // Kinds of the same words stand together.
    kinds.sort_by_key(|counted| counted.of);
    kinds
}

fn counts_text(counts: &[Counted], written: impl Fn(&u64) -> String) -> String {
    counted_text(counts.iter().map(|counted| (*counted, written(&counted.number))))
}

/// Each kind with its number: `ok 12, timeout 3; fallbacks for timeout 3`.
fn counted_text(counts: impl Iterator<Item = (Counted, String)>) -> String {
    let mut text = String::new();
    let mut last = "";
    for (counted, number) in counts {
        match (text.is_empty(), counted.of == last) {
            (true, true) => {}
            (false, true) => text.push_str(", "),
            (is_first, false) => {
                text.push_str(if is_first { "" } else { "; " });
                text.push_str(counted.of);
                text.push(' ');
            }
        }
        last = counted.of;
        if !counted.kind.is_empty() {
            text.extend(unbroken(counted.kind).chars().chain([NO_BREAK]));
        }
        text.push_str(&unbroken(&number));
    }
    text
}

/// The first spans in full, the others by number.
fn spans_text(spans: &[Span]) -> String {
    const SHOWN: usize = 2;
    let shown = spans.iter().take(SHOWN).map(|span| between(span.from, span.to));
    let more = spans.len().saturating_sub(SHOWN);
    let more = (more > 0).then(|| unbroken(&format!("and {more} more")));
    shown.chain(more).collect::<Vec<_>>().join(", ")
}

fn between(from: f64, to: Option<f64>) -> String {
    format!("{}–{}", clock(from), to.map_or_else(|| "end".to_owned(), clock))
}

/// The time within which all spans of several cells lie.
fn spans_of_several(cells: &[&Cell]) -> String {
    let spans = || {
        cells.iter().flat_map(|cell| match cell {
            Cell::Spans(spans) => spans.as_slice(),
            _ => &[],
        })
    };
    let Some(first) = spans().map(|span| span.from).reduce(f64::min) else { return String::new() };
    let last = spans().map(|span| span.to).reduce(|one, other| Some(one?.max(other?))).flatten();
    format!("within {}", between(first, last))
}
