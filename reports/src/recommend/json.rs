//! A recommendation as JSON.

use serde_json::{Map, Value, json};
use sim_experiments::recommend::{
    Advice, Breach, Conclusion, MeasuredLimit, MeasuredTogether, Recommendation, Region, Standing,
    StandingTogether,
};
use sim_models::scenario::GoalsPlan;
use sim_models::study::{Level, Parameter};

use super::words::FormulaWords;
use crate::json::pretty;

/// The outcome of a search that has found nothing that meets every limit.
pub(super) const UNMET: &str = "unmet";
pub(super) const INTERRUPTED: &str = "interrupted";

/// Everything about a recommendation as an indented JSON document. Times are in seconds, shares
/// from 0 to 1.
pub fn json(recommendation: &Recommendation, scenario: &str) -> String {
    pretty(&json!({
        "scenario": scenario,
        "version": env!("CARGO_PKG_VERSION"),
        "seed": recommendation.seed,
        "outcome": match recommendation.conclusion {
            Conclusion::Keep => "keep",
            Conclusion::Change => "change",
            Conclusion::Unmet => UNMET,
            Conclusion::Interrupted => INTERRUPTED,
        },
        "candidates": recommendation.candidates,
        "runs": recommendation.runs,
        "searched": recommendation.searched,
        "runs_of_end": recommendation.runs_of_end,
        "conditions": recommendation.plan.conditions,
        "settings": settings(recommendation),
        "probabilities": recommendation.plan.probabilities,
        "limits": limits(recommendation),
        "together": recommendation.together.iter().map(together).collect::<Vec<_>>(),
        "objectives": objectives(recommendation),
        "strained": strained(recommendation),
        "front": front(recommendation),
        "regions": regions(recommendation),
        "unmet": unmet(recommendation),
        "nearest_after": recommendation.nearest_after.map(|(after, of)| json!({ "runs": after, "of": of })),
        "formulas": formulas(recommendation),
    }))
}

fn settings(recommendation: &Recommendation) -> Vec<Value> {
    let plan = &recommendation.plan;
    let settings = plan.settings.iter().zip(&plan.labels).zip(&recommendation.advice);
    let json = |((setting, label), advice): ((&Parameter, &Option<String>), &Advice)| {
        of_setting(&setting.path, label.as_deref(), advice)
    };
    settings.map(json).collect()
}

fn of_setting(path: &str, label: Option<&str>, advice: &Advice) -> Value {
    let others = advice.others.iter().map(
        |(level, found)| json!({ "value": level.shown, "gives_way": found.as_ref().map(breach) }),
    );
    let safe = advice.safe.as_ref();
    json!({
        "path": path,
        "label": label,
        "now": advice.now.as_ref().map(|now| now.shown.as_str()),
        "recommended": advice.recommended.shown,
        "is_changed": advice.is_changed,
        "safe": safe.map(|(from, to)| json!({ "from": from.shown, "to": to.shown })),
        "below": advice.below.as_ref().map(breach),
        "above": advice.above.as_ref().map(breach),
        "others": others.collect::<Vec<_>>(),
    })
}

fn breach(breach: &Breach) -> Value {
    json!({
        "at": breach.at.shown,
        "condition": breach.condition,
        "limit": breach.limit,
        "kept": breach.kept.map(|of| of.kept),
        "runs": breach.kept.map(|of| of.runs),
        "figure": breach.figure,
    })
}

fn limits(recommendation: &Recommendation) -> Vec<Value> {
    let limits = recommendation.limits.iter().map(|limit| {
        json!({
            "condition": limit.condition,
            "limit": limit.limit,
            "promised": limit.share,
            "now": measured(&limit.now),
            "recommended": measured(&limit.recommended),
        })
    });
    limits.collect()
}

pub(super) fn measured(limit: &MeasuredLimit) -> Value {
    let half_width = limit.figure.map(|figure| figure.half_width);
    json!({
        "kept": limit.kept.kept,
        "runs": limit.kept.runs,
        "at_least": limit.kept.at_least(),
        "mean": limit.figure.map(|figure| figure.mean),
        "half_width": half_width.filter(|half_width| half_width.is_finite()),
        "standing": standing(limit.standing),
    })
}

fn together(limit: &StandingTogether) -> Value {
    json!({
        "conditions": conditions_together(limit),
        "limit": limit.limit,
        "promised": limit.share,
        "now": measured_together(&limit.now),
        "recommended": measured_together(&limit.recommended),
    })
}

/// The conditions for which a limit is promised together, each with its share of the runs.
pub(super) fn conditions_together(limit: &StandingTogether) -> Value {
    let conditions = limit.conditions.iter();
    conditions
        .map(|(condition, share)| json!({ "condition": condition, "probability": share }))
        .collect()
}

pub(super) fn measured_together(measured: &MeasuredTogether) -> Value {
    json!({
        "kept": measured.kept,
        "at_least": measured.at_least,
        "standing": standing(measured.standing),
    })
}

fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Holds => "holds",
        Standing::Unsure => "unsure",
        Standing::Misses => "misses",
    }
}

fn objectives(recommendation: &Recommendation) -> Vec<Value> {
    let objectives = recommendation.plan.objectives.iter().zip(&recommendation.objectives);
    objectives
        .map(|(plan, (now, then))| {
            json!({ "objective": plan.text, "now": now, "recommended": then })
        })
        .collect()
}

fn strained(recommendation: &Recommendation) -> Vec<Value> {
    let strained = recommendation.strained.iter().map(|strained| {
        let breaches: Vec<Value> = strained.breaches.iter().map(breach).collect();
        json!({ "strain": strained.strain.name(), "gives_way": breaches })
    });
    strained.collect()
}

fn front(recommendation: &Recommendation) -> Vec<Value> {
    let points = recommendation.front.iter();
    points.map(|(levels, values)| point(&recommendation.plan, levels, values)).collect()
}

fn regions(recommendation: &Recommendation) -> Vec<Value> {
    let region = |region: &Region| {
        let mut value = point(&recommendation.plan, &region.levels, &region.objectives);
        value["replications"] = region.replications.into();
        value
    };
    recommendation.regions.iter().map(region).collect()
}

/// Settings with their objectives.
fn point(plan: &GoalsPlan, levels: &[Level], values: &[f64]) -> Value {
    let objectives = plan.objectives.iter().zip(values);
    let objectives: Vec<Value> =
        objectives.map(|(plan, value)| json!({ "objective": plan.text, "value": value })).collect();
    let settings = plan.settings.iter().zip(levels);
    let settings: Map<String, Value> = settings
        .map(|(setting, level)| (setting.path.clone(), level.shown.clone().into()))
        .collect();
    json!({ "objectives": objectives, "settings": settings })
}

fn unmet(recommendation: &Recommendation) -> Vec<Value> {
    let unmet = recommendation.unmet.iter().map(|unmet| {
        let cost = unmet
            .at_the_cost_of
            .as_ref()
            .map(|(condition, limit)| json!({ "condition": condition, "limit": limit }));
        json!({
            "condition": unmet.condition,
            "limit": unmet.limit,
            "best": unmet.best,
            "at_best_ends": unmet.at_best_ends.map(|(of, mean)| {
                json!({ "kept": of.kept, "runs": of.runs, "mean": mean })
            }),
            "at_the_cost_of": cost,
        })
    });
    unmet.collect()
}

fn formulas(recommendation: &Recommendation) -> Vec<Value> {
    let mut formulas = Vec::new();
    for estimate in &recommendation.estimates {
        let path = &recommendation.plan.settings[estimate.setting].path;
        for formula in &estimate.formulas {
            let FormulaWords { name, working, .. } = FormulaWords::new(*formula);
            formulas.push(json!({
                "setting": path,
                "formula": name,
                "working": working,
                "value": formula.value(),
                "busiest_tenth": estimate.busiest_tenth,
            }));
        }
    }
    formulas
}
