//! A stability map as JSON.

use serde_json::{Map, Value, json};
use sim_experiments::stability::{Boundary, Cell, Hysteresis, Moved, Sensitivity, Stability};

use super::words::{BEHAVIOURS, MARGIN, letter, name, trigger};
use crate::json::pretty;

/// Everything about a stability map as an indented JSON document. Shares are from 0 to 1, times in
/// seconds.
pub fn json(stability: &Stability, scenario: &str) -> String {
    let plan = &stability.plan;
    let boundary = stability.healing().boundary;
    let heals_up_to = boundary.heals();
    let letters: Map<String, Value> =
        BEHAVIOURS.iter().map(|it| (letter(*it).to_owned(), json!(name(*it)))).collect();
    pretty(&json!({
        "scenario": scenario,
        "version": env!("CARGO_PKG_VERSION"),
        "seed": stability.seed,
        "simulated_seconds": stability.simulated_seconds,
        "load": plan.load.path,
        "workload": plan.workload_name,
        "well": plan.well,
        "letters": letters,
        "boundary": kind(boundary),
        "heals_up_to": heals_up_to,
        "safe_load": heals_up_to.map(|heals| heals * (1.0 - MARGIN)),
        "margin": MARGIN,
        "untriggered": row(stability, None, &stability.untriggered, &stability.overload),
        "triggered": triggered(stability),
        "sensitivity": stability.sensitivity.as_ref().map(|it| moves(stability, it)),
        "hysteresis": stability.hysteresis.as_ref().map(passes),
    }))
}

/// A row for each trigger.
fn triggered(stability: &Stability) -> Vec<Value> {
    let mut rows = Vec::new();
    for map in &stability.maps {
        for ((level, cells), boundary) in map.triggers.iter().zip(&map.cells).zip(&map.boundaries) {
            let trigger = trigger(stability, level, map.also.as_ref());
            rows.push(row(stability, Some(&trigger), cells, boundary));
        }
    }
    rows
}

fn row(stability: &Stability, trigger: Option<&str>, cells: &[Cell], boundary: &Boundary) -> Value {
    let loads = stability.loads.iter().zip(cells).map(|(load, cell)| {
        json!({
            "load": load.shown,
            "behaviour": cell.usual().map(name),
            "letter": cell.usual().map(letter),
            "healed": cell.healed(),
            "runs": cell.runs.len(),
            "answered_at_end": cell.answered_at_end(),
        })
    });
    json!({
        "trigger": trigger,
        "boundary": kind(*boundary),
        "heals_up_to": boundary.heals(),
        "does_not_always_heal_at": boundary.fails(),
        "loads": loads.collect::<Vec<_>>(),
    })
}

/// A boundary in a word or two: that of the range is not its own.
fn kind(boundary: Boundary) -> &'static str {
    match boundary {
        Boundary::Between { .. } => "between",
        Boundary::AtLeast(_) => "at least",
        Boundary::AtMost(_) => "at most",
        Boundary::Unknown => "not run",
    }
}

/// The boundary after each change of a setting, those that move it most first.
fn moves(stability: &Stability, sensitivity: &Sensitivity) -> Value {
    let moved = |moved: &Moved| {
        json!({
            "setting": moved.change.path,
            "now": moved.change.now,
            "then": moved.change.then,
            "boundary": kind(moved.then),
            "heals_up_to": moved.then.heals(),
            "does_not_always_heal_at": moved.then.fails(),
            "moves_by": moved.by,
        })
    };
    json!({
        "trigger": trigger(stability, &sensitivity.trigger, sensitivity.also.as_ref()),
        "boundary": kind(sensitivity.now),
        "heals_up_to": sensitivity.now.heals(),
        "does_not_always_heal_at": sensitivity.now.fails(),
        "changes": sensitivity.changes.iter().map(moved).collect::<Vec<_>>(),
    })
}

fn passes(hysteresis: &Hysteresis) -> Vec<Value> {
    let passes = hysteresis.passes.iter();
    passes
        .map(|pass| json!({ "load": pass.load.shown, "up": pass.up, "down": pass.down }))
        .collect()
}
