//! The sentences about a stability map. Each follows from the cells that are drawn below it, and
//! from the boundaries between them.

use sim_experiments::stability::{
    Behaviour, Boundary, Cell, EndedBy, Healing, Hysteresis, Stability,
};

use super::words::{MARGIN, NOT_RUN, at_beginning, at_end, letter, load, loads, trigger};
use crate::palette::Tone;
use crate::units::percent;

/// The findings of the map, the most important first.
pub(super) fn sentences(stability: &Stability) -> Vec<(Tone, String)> {
    let Healing { boundary, ended_by } = stability.healing();
    let mut sentences = vec![safe_load(stability, boundary)];
    sentences.extend(end(stability, boundary, ended_by.as_ref()));
    sentences.push((Tone::Faint, without_trigger(stability)));
    sentences.push(metastable(stability));
    sentences.extend(heals_again(stability).map(|text| (Tone::Worse, text)));
    sentences.extend(not_run(stability).map(|text| (Tone::Faint, text)));
    sentences
}

/// A row of the map.
struct Row<'a> {
    /// `without a trigger`, or `after` with the settings of the trigger.
    name: String,
    cells: &'a [Cell],
}

/// All rows of all maps.
fn rows(stability: &Stability) -> Vec<Row<'_>> {
    let mut rows =
        vec![Row { name: "without a trigger".to_owned(), cells: &stability.untriggered }];
    for map in &stability.maps {
        for (level, cells) in map.triggers.iter().zip(&map.cells) {
            let name = format!("after {}", trigger(&stability.plan, level, map.also.as_ref()));
            rows.push(Row { name, cells });
        }
    }
    rows
}

fn safe_load(stability: &Stability, boundary: Boundary) -> (Tone, String) {
    let shown = |number| load(stability, number);
    let below = |heals: f64| (shown(heals * (1.0 - MARGIN)), percent(MARGIN));
    match boundary {
        Boundary::Between { heals, .. } => {
            let ((safe, margin), heals) = (below(heals), shown(heals));
            let text = format!(
                "safe load: {safe} ({margin} below {heals}, up to which it always heals after \
                 every trigger that was tried)"
            );
            (Tone::Better, text)
        }
        Boundary::AtLeast(heals) => {
            let ((safe, margin), heals) = (below(heals), at_end(stability, heals));
            let text = format!(
                "safe load: at least {safe} ({margin} below {heals}; it \
                 always heals after every trigger that was tried)"
            );
            (Tone::Better, text)
        }
        Boundary::AtMost(fails) => {
            let first = at_beginning(stability, fails);
            (Tone::Worse, format!("safe load: none, the boundary is at most {first}"))
        }
        Boundary::Unknown => {
            (Tone::Worse, "safe load: not known, a trigger was not run at any load".to_owned())
        }
    }
}

/// The reason why the safe load is not higher.
fn end(
    stability: &Stability,
    boundary: Boundary,
    ended_by: Option<&EndedBy>,
) -> Option<(Tone, String)> {
    let fails = load(stability, boundary.fails()?);
    let text = match ended_by? {
        EndedBy::Load => format!("at {fails} it is not always well even without a trigger"),
        EndedBy::Trigger(level, also) => {
            let trigger = trigger(&stability.plan, level, also.as_ref());
            format!("at {fails} it does not always heal after {trigger}")
        }
    };
    Some((Tone::Worse, text))
}

fn without_trigger(stability: &Stability) -> String {
    let load = |number| load(stability, number);
    match stability.overload {
        Boundary::Between { heals, fails } => {
            format!(
                "without a trigger it is always well up to {}, not at {}",
                load(heals),
                load(fails)
            )
        }
        Boundary::AtLeast(heals) => format!(
            "without a trigger it is always well up to at least {}",
            at_end(stability, heals)
        ),
        Boundary::AtMost(fails) => {
            format!("without a trigger it is not always well at {}", at_beginning(stability, fails))
        }
        Boundary::Unknown => "without a trigger it was not run".to_owned(),
    }
}

fn metastable(stability: &Stability) -> (Tone, String) {
    let letter = letter(Behaviour::Metastable);
    let places = metastable_places(stability);
    if places.is_empty() {
        return (Tone::Faint, format!("metastable ({letter}) at no load that was tried"));
    }
    let text = format!(
        "metastable ({letter}) at {}: it stays down after a trigger",
        loads(stability, &places)
    );
    (Tone::Worse, text)
}

/// The places of the loads at which a cell of a map is metastable.
fn metastable_places(stability: &Stability) -> Vec<usize> {
    places(stability, |cell| cell.usual() == Some(Behaviour::Metastable))
}

/// The places of the loads at which any row has such a cell.
fn places(stability: &Stability, is_one: impl Fn(&Cell) -> bool) -> Vec<usize> {
    let rows = rows(stability);
    let has_one = |place: &usize| rows.iter().any(|row| is_one(&row.cells[*place]));
    (0..stability.loads.len()).filter(has_one).collect()
}

/// The loads at which a row heals again, above one at which it does not.
fn heals_again(stability: &Stability) -> Option<String> {
    let again = |row: &Row<'_>| {
        let fails = |cell: &Cell| !cell.runs.is_empty() && !cell.always_heals();
        let first = row.cells.iter().position(fails)?;
        let heals = |place: &usize| row.cells[*place].always_heals();
        let places: Vec<usize> = (first + 1..row.cells.len()).filter(heals).collect();
        (!places.is_empty()).then(|| format!("{} at {}", row.name, loads(stability, &places)))
    };
    let again: Vec<String> = rows(stability).iter().filter_map(again).collect();
    let text =
        || format!("always heals again above a load at which it does not: {}", again.join("; "));
    (!again.is_empty()).then(text)
}

/// The loads at which some settings do not go together.
fn not_run(stability: &Stability) -> Option<String> {
    let places = places(stability, |cell| cell.runs.is_empty());
    let text = || {
        let loads = loads(stability, &places);
        format!(
            "not run ({NOT_RUN}) at {loads}: there the settings do not go together, or the trigger lasts until the run ends"
        )
    };
    (!places.is_empty()).then(text)
}

/// The findings of the way up through the loads and down again, and the limits of them.
pub(super) fn of_hysteresis(stability: &Stability, hysteresis: &Hysteresis) -> String {
    let well = stability.plan.well;
    let vulnerable = hysteresis.vulnerable(well);
    if !vulnerable.is_empty() {
        return format!(
            "at {} it is well going up and not coming down: there it depends on where it comes from",
            loads(stability, &vulnerable)
        );
    }
    let up = hysteresis.passes.iter().filter(|pass| pass.up >= well).count();
    if up == 0 {
        return "no load was well going up".to_owned();
    }
    if up < hysteresis.passes.len() {
        return "every load that was well going up was well coming down too".to_owned();
    }
    let text = "no load of the range brings it down, so this says nothing about coming back";
    if metastable_places(stability).is_empty() {
        text.to_owned()
    } else {
        format!("{text}; a trigger does bring it down ({})", letter(Behaviour::Metastable))
    }
}
