//! Rows that are alike share one: instances, clients, cells of one kind.
//!
//! docs/results.md tells users the rule.

use std::collections::{BTreeMap, BTreeSet};

use super::Cell;

/// Stands for a number that may differ. No name contains it.
const NUMBER: &str = "\0";
/// Stands for the figures of a cell.
const FIGURE: &str = "\u{1}";

/// Fewer rows than this stay as they are.
const LEAST: usize = 4;

/// The texts of rows, of which those share one whose names differ only in numbers and whose figures are alike. A row's
/// first cell is its name.
pub(crate) fn folded(rows: &[Vec<Cell>]) -> Vec<Vec<String>> {
    let groups = groups(rows);
    let mut texts: Vec<Option<Vec<String>>> =
        rows.iter().map(|row| Some(row.iter().map(Cell::shown).collect())).collect();
    for group in groups {
        let mut left = group.clone();
        while left.len() >= LEAST {
            let alike = alike(rows, &left);
            if alike.len() < LEAST {
                break;
            }
            left.retain(|place| !alike.contains(place));
            texts[alike[0]] = Some(of_several(rows, &alike, group.len()));
            for place in &alike[1..] {
                texts[*place] = None;
            }
        }
    }
    texts.into_iter().flatten().collect()
}

/// The rows of each kind: those whose texts are the same but for one number, which may come several times, as in
/// `cell-1 -> db-1`. A row whose name has several numbers goes with the most others.
fn groups(rows: &[Vec<Cell>]) -> Vec<Vec<usize>> {
    let kinds: Vec<Vec<String>> = rows.iter().map(|row| kinds(row)).collect();
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    for kind in kinds.iter().flatten() {
        *sizes.entry(kind).or_default() += 1;
    }
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, kinds) in kinds.iter().enumerate() {
        if let Some(kind) = kinds.iter().max_by_key(|kind| sizes[kind.as_str()]) {
            groups.entry(kind).or_default().push(place);
        }
    }
    groups.into_values().collect()
}

/// The texts of a row without one number, for each number of its name. Shares are figures, also within texts.
fn kinds(row: &[Cell]) -> Vec<String> {
    let texts: Vec<&str> = row.iter().map(|cell| as_text(cell).unwrap_or(FIGURE)).collect();
    let Some(name) = texts.first() else { return Vec::new() };
    let numbers: BTreeSet<&str> = parts(name).filter(|part| is_number(part)).collect();
    let without = |number: &str| {
        let text = |text: &&str| {
            let mut is_share = parts(text).skip(1).map(|next| next.starts_with('%')).chain([false]);
            let part = |part| {
                let is_share = is_share.next() == Some(true) && is_number(part);
                if part == number || is_share { NUMBER } else { part }
            };
            parts(text).map(part).collect::<String>()
        };
        texts.iter().map(text).collect::<Vec<_>>().join("\n")
    };
    numbers.into_iter().map(without).collect()
}

fn as_text(cell: &Cell) -> Option<&str> {
    match cell {
        Cell::Text(text) => Some(text),
        Cell::Figure(_) | Cell::Counts(_) | Cell::Spans(_) => None,
    }
}

fn is_number(part: &str) -> bool {
    part.starts_with(|c: char| c.is_ascii_digit())
}

/// The numbers of a text, with their decimals, and what is between them.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let is_digit = |at: usize| rest.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
        let is_point = |at: usize| rest.as_bytes().get(at) == Some(&b'.');
        let is_in_number = |at: usize| is_digit(at) || (at > 0 && is_point(at) && is_digit(at + 1));
        rest.chars().next()?;
        let end = if is_digit(0) {
            (0..rest.len()).find(|at| !is_in_number(*at))
        } else {
            (0..rest.len()).find(|at| is_digit(*at))
        };
        let (part, after) = rest.split_at(end.unwrap_or(rest.len()));
        rest = after;
        Some(part)
    })
}

/// The rows of a group all of whose figures are like the group's.
fn alike(rows: &[Vec<Cell>], group: &[usize]) -> Vec<usize> {
    let mut is_alike = vec![true; group.len()];
    let columns = rows[group[0]].len();
    let column = |column: usize| group.iter().map(|place| &rows[*place][column]).collect();
    let cells: Vec<Vec<&Cell>> = (0..columns).map(column).collect();
    for cells in cells {
        for (all, one) in is_alike.iter_mut().zip(Cell::are_alike(&cells)) {
            *all &= one;
        }
    }
    group.iter().zip(is_alike).filter(|(_, is_alike)| *is_alike).map(|(place, _)| *place).collect()
}

/// One row that stands for several of a group of `all`.
fn of_several(rows: &[Vec<Cell>], places: &[usize], all: usize) -> Vec<String> {
    let cell = |column: usize| {
        let cells: Vec<&Cell> = places.iter().map(|place| &rows[*place][column]).collect();
        let texts: Vec<&str> = cells.iter().filter_map(|cell| as_text(cell)).collect();
        let number = places.len();
        match (column, texts.is_empty()) {
            (0, _) if number == all => format!("{} ({number})", name(&texts)),
            (0, _) => format!("{} ({number} of {all})", name(&texts)),
            (_, false) => name(&texts),
            (_, true) => Cell::of_several(&cells),
        }
    };
    (0..rows[places[0]].len()).map(cell).collect()
}

/// One name for several that differ in numbers: `client-1…200 -> web`.
fn name(names: &[&str]) -> String {
    let of_each: Vec<Vec<&str>> = names.iter().map(|name| parts(name).collect()).collect();
    let size = |one: &&str, other: &&str| {
        let [a, b] = [one, other].map(|number| number.parse::<f64>().unwrap_or(f64::NAN));
        a.total_cmp(&b).then_with(|| one.cmp(other))
    };
    let part = |place: usize| {
        let numbers = || of_each.iter().filter_map(|parts| parts.get(place).copied());
        let (least, most) = (numbers().min_by(size), numbers().max_by(size));
        match (least.unwrap_or_default(), most.unwrap_or_default()) {
            (least, most) if least == most => least.to_owned(),
            (least, most) => format!("{least}…{most}"),
        }
    };
    (0..of_each.first().map_or(0, Vec::len)).map(part).collect()
}
