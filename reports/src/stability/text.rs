//! A map of stability as text for a terminal.

use std::fmt::Write;

use sim_experiments::stability::{
    Behaviour, Boundary, Cell, Failing, Healing, Hysteresis, Map, Stability,
};

use super::{MARGIN, load, trigger};
use crate::Palette;
use crate::palette::Tone;
use crate::text::{section, table};
use crate::units::{count, duration, percent};

/// What the system recovers from, at which load.
pub fn report(stability: &Stability, scenario: &str, palette: Palette) -> String {
    let mut text = heading(stability, scenario, palette);
    for map in &stability.maps {
        let title = match (&map.also, &stability.plan.also) {
            (Some(level), Some(setting)) => format!("Map, {} = {}", setting.path, level.shown),
            _ => "Map".to_owned(),
        };
        section(&mut text, palette, &title, &of_map(stability, map));
    }
    section(&mut text, palette, "Where it ceases to heal", &boundaries(stability));
    if let Some(hysteresis) = &stability.hysteresis {
        let title = format!(
            "Going up and coming down, {} at each load, without a trigger: share answered",
            duration(stability.plan.dwell)
        );
        section(&mut text, palette, &title, &up_and_down(stability, hysteresis));
    }
    text
}

fn heading(stability: &Stability, scenario: &str, palette: Palette) -> String {
    let plan = &stability.plan;
    let triggers: usize = stability.maps.iter().map(|map| map.triggers.len()).sum();
    let mut text = format!(
        "{}: {} loads with {} triggers and without, {} runs of {} each, seed {}\n",
        palette.paint(Tone::Heading, scenario),
        stability.loads.len(),
        count(triggers as u64),
        plan.replications,
        duration(stability.simulated_seconds),
        stability.seed
    );
    let well = format!(
        "well: at least {} of {} answered in the last quarter of what follows the trigger",
        percent(plan.well),
        plan.workload_name
    );
    let _ = writeln!(text, "{}", palette.paint(Tone::Faint, &well));
    match stability.healing() {
        None => {
            let verdict = "no load that was tried heals from every trigger";
            let _ = writeln!(text, "{}", palette.paint(Tone::Worse, verdict));
        }
        Some(Healing { up_to: heals, first_bad }) => {
            let safe = format!(
                "safe load: {} ({} less than {}, up to which every trigger that was tried heals)",
                load(stability, heals * (1.0 - MARGIN)),
                percent(MARGIN),
                load(stability, heals)
            );
            let _ = writeln!(text, "{}", palette.paint(Tone::Better, &safe));
            if let Some(Failing { load: bad, trigger: level, also }) = first_bad {
                let what = format!(
                    "at {} it does not always heal: {}",
                    load(stability, bad),
                    trigger(stability, &level, also.as_ref())
                );
                let _ = writeln!(text, "{}", palette.paint(Tone::Worse, &what));
            }
        }
    }
    text
}

fn mark(cell: &Cell) -> String {
    let Some(behaviour) = cell.usual() else { return "-".to_owned() };
    let mark = match behaviour {
        Behaviour::Stable => ".",
        Behaviour::Recovers => "o",
        Behaviour::Degraded => "~",
        Behaviour::Metastable => "X",
        Behaviour::Overloaded => "#",
    };
    let is_mixed = cell.runs.iter().any(|(other, _)| *other != behaviour);
    if is_mixed { format!("{mark}?") } else { mark.to_owned() }
}

fn of_map(stability: &Stability, map: &Map) -> String {
    let corner = format!("{} \\ {}", stability.plan.load.path, stability.plan.trigger.path);
    let triggers = map.triggers.iter().map(|trigger| trigger.shown.as_str());
    let header: Vec<&str> =
        std::iter::once(corner.as_str()).chain(std::iter::once("none")).chain(triggers).collect();
    let rows = stability.loads.iter().enumerate().rev().map(|(place, level)| {
        let cells = map.cells.iter().map(|cells| mark(&cells[place]));
        std::iter::once(level.shown.clone())
            .chain(std::iter::once(mark(&stability.untriggered[place])))
            .chain(cells)
            .collect::<Vec<_>>()
    });
    let legend = ". stable, o recovers by itself, ~ degraded, X metastable: stays down after the trigger, # overloaded without one;\n\
                  ? not all runs agree";
    format!("{}\n{legend}", table(&header, &[], rows))
}

fn boundaries(stability: &Stability) -> String {
    let row = |what: String, boundary: &Boundary| {
        let good = boundary.last_good.map_or_else(
            || "at none".to_owned(),
            |good| format!("up to {}", load(stability, good)),
        );
        let bad = boundary.first_bad.map_or_else(
            || "at none".to_owned(),
            |bad| format!("from {} on", load(stability, bad)),
        );
        vec![what, good, bad]
    };
    let mut rows = vec![row("none".to_owned(), &stability.overload)];
    for map in &stability.maps {
        for (level, boundary) in map.triggers.iter().zip(&map.boundaries) {
            rows.push(row(trigger(stability, level, map.also.as_ref()), boundary));
        }
    }
    table(&["trigger", "always heals", "not always"], &[1, 2], rows)
}

fn up_and_down(stability: &Stability, hysteresis: &Hysteresis) -> String {
    let rows = hysteresis.passes.iter().map(|pass| {
        let is_path_dependent = pass.up >= stability.plan.well && pass.down < stability.plan.well;
        let note = if is_path_dependent { "depends on where it comes from" } else { "" };
        vec![pass.load.shown.clone(), percent(pass.up), percent(pass.down), note.to_owned()]
    });
    let mut text = table(&["load", "going up", "coming down", ""], &[3], rows);
    let verdict = match hysteresis.vulnerable(stability.plan.well) {
        Some((from, to)) => {
            format!("\nfrom {} to {} the system can be well or down", from.shown, to.shown)
        }
        None => "\nthe way down is the way up: no load at which it can be either well or down"
            .to_owned(),
    };
    text.push_str(&verdict);
    text
}
