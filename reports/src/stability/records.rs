//! A map of stability for programs.

use serde_json::{Value, json};
use sim_experiments::stability::{Boundary, Cell, Stability};

use super::{MARGIN, name, trigger};

/// Everything about a map of stability as JSON. Shares are from 0 to 1, times in seconds.
pub fn json(stability: &Stability, scenario: &str) -> String {
    let plan = &stability.plan;
    let row = |trigger: Option<String>, cells: &[Cell], boundary: &Boundary| {
        let loads = stability.loads.iter().zip(cells).map(|(load, cell)| {
            json!({
                "load": load.shown,
                "behaviour": cell.usual().map(name),
                "healed": cell.healed(),
                "runs": cell.runs.len(),
                "answered_at_end": cell.answered_at_end(),
            })
        });
        json!({
            "trigger": trigger,
            "heals_up_to": boundary.last_good,
            "does_not_always_heal_from": boundary.first_bad,
            "loads": loads.collect::<Vec<_>>(),
        })
    };
    let triggered = stability.maps.iter().flat_map(|map| {
        map.triggers.iter().zip(&map.cells).zip(&map.boundaries).map(
            move |((level, cells), boundary)| {
                row(Some(trigger(stability, level, map.also.as_ref())), cells, boundary)
            },
        )
    });
    let hysteresis: Option<Vec<Value>> = stability.hysteresis.as_ref().map(|hysteresis| {
        let pass = |pass: &sim_experiments::stability::LoadPass| json!({ "load": pass.load.shown, "up": pass.up, "down": pass.down });
        hysteresis.passes.iter().map(pass).collect()
    });
    let healing = stability.healing().map(|healing| healing.up_to);
    let report = json!({
        "scenario": scenario,
        "version": env!("CARGO_PKG_VERSION"),
        "seed": stability.seed,
        "simulated_seconds": stability.simulated_seconds,
        "load": plan.load.path,
        "workload": plan.workload_name,
        "well": plan.well,
        "heals_up_to": healing,
        "safe_load": healing.map(|heals| heals * (1.0 - MARGIN)),
        "margin": MARGIN,
        "untriggered": row(None, &stability.untriggered, &stability.overload),
        "triggered": triggered.collect::<Vec<_>>(),
        "hysteresis": hysteresis,
    });
    serde_json::to_string_pretty(&report).unwrap_or_default() + "\n"
}
