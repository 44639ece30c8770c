//! A recommendation for programs.

use serde_json::{Value, json};
use sim_core::stats::ConfidenceInterval;
use sim_experiments::recommend::{Advice, Breach, Conclusion, Recommendation, Standing};
use sim_models::study::Level;

use super::text::words;

/// Everything about a recommendation as JSON. Times are in seconds, shares from 0 to 1.
pub fn json(recommendation: &Recommendation, scenario: &str) -> String {
    let plan = &recommendation.plan;
    let settings = plan
        .settings
        .iter()
        .zip(&recommendation.advice)
        .map(|(setting, advice)| of_setting(&setting.path, advice));
    let limits = recommendation.limits.iter().map(|limit| {
        json!({
            "condition": limit.condition,
            "limit": limit.limit,
            "now": standing(limit.now),
            "recommended": standing(limit.recommended),
        })
    });
    let objectives = plan.objectives.iter().zip(&recommendation.objectives);
    let objectives = objectives.map(
        |(plan, (now, then))| json!({ "objective": plan.text, "now": now, "recommended": then }),
    );
    let strained = recommendation.strained.iter().map(|strained| {
        json!({ "strain": strained.strain.name(), "gives_way": strained.breaches.iter().map(breach).collect::<Vec<_>>() })
    });
    let front = recommendation.front.iter().map(|(levels, values)| {
        let values: Vec<Value> = plan
            .objectives
            .iter()
            .zip(values)
            .map(|(plan, value)| json!({ "objective": plan.text, "value": value }))
            .collect();
        let paths = plan.settings.iter().map(|setting| setting.path.clone());
        let levels: serde_json::Map<String, Value> =
            paths.zip(levels.iter().map(|level| level.shown.clone().into())).collect();
        json!({ "objectives": values, "settings": levels })
    });
    let unmet = recommendation.unmet.iter().map(|unmet| {
        let cost = unmet.at_the_cost_of.as_ref().map(|(condition, limit)| json!({ "condition": condition, "limit": limit }));
        json!({ "condition": unmet.condition, "limit": unmet.limit, "best": unmet.best, "at_the_cost_of": cost })
    });
    let formulas = recommendation.estimates.iter().flat_map(|estimate| {
        let path = &plan.settings[estimate.setting].path;
        estimate.formulas.iter().map(move |formula| {
            let (name, working, _) = words(*formula);
            json!({ "setting": path, "formula": name, "working": working, "value": formula.value() })
        })
    });
    let report = json!({
        "scenario": scenario,
        "version": env!("CARGO_PKG_VERSION"),
        "seed": recommendation.seed,
        "outcome": match recommendation.conclusion {
            Conclusion::Keep => "keep",
            Conclusion::Change => "change",
            Conclusion::Unmet => "unmet",
        },
        "candidates": recommendation.candidates,
        "runs": recommendation.runs,
        "conditions": plan.conditions,
        "settings": settings.collect::<Vec<_>>(),
        "limits": limits.collect::<Vec<_>>(),
        "objectives": objectives.collect::<Vec<_>>(),
        "strained": strained.collect::<Vec<_>>(),
        "front": front.collect::<Vec<_>>(),
        "unmet": unmet.collect::<Vec<_>>(),
        "formulas": formulas.collect::<Vec<_>>(),
    });
    serde_json::to_string_pretty(&report).unwrap_or_default() + "\n"
}

fn of_setting(path: &str, advice: &Advice) -> Value {
    let others = advice.others.iter().map(
        |(level, found)| json!({ "value": level.shown, "gives_way": found.as_ref().map(breach) }),
    );
    json!({
        "path": path,
        "now": advice.now.as_ref().map(|now| now.shown.clone()),
        "recommended": advice.recommended.shown,
        "is_changed": advice.is_changed,
        "safe": { "from": shown(&advice.safe.0), "to": shown(&advice.safe.1) },
        "below": advice.below.as_ref().map(breach),
        "above": advice.above.as_ref().map(breach),
        "others": others.collect::<Vec<_>>(),
    })
}

fn shown(level: &Level) -> &str {
    &level.shown
}

fn breach(breach: &Breach) -> Value {
    json!({ "at": breach.at.shown, "condition": breach.condition, "limit": breach.limit, "figure": breach.figure })
}

fn standing((interval, standing): (Option<ConfidenceInterval>, Standing)) -> Value {
    let half_width =
        interval.map(|interval| interval.half_width).filter(|half_width| half_width.is_finite());
    json!({
        "mean": interval.map(|interval| interval.mean),
        "half_width": half_width,
        "standing": match standing {
            Standing::Holds => "holds",
            Standing::Unsure => "unsure",
            Standing::Misses => "misses",
        },
    })
}
