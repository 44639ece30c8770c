//! Elementary effects and variance-based indices, for sweeps that were designed for them.

use sim_core::stats::ConfidenceInterval;
use sim_experiments::sweep::analysis::{Findings, Indices, Screening};
use sim_models::scenario::SweepPlan;
use sim_models::study::FigurePlan;

use super::effects::bar;
use crate::tables::Table;
use crate::units::{figure, with_error};

/// A table for each figure; `None` if the design of the sweep gives neither measure.
pub(super) fn sensitivity(plan: &SweepPlan, findings: &Findings, width: usize) -> Option<String> {
    let figures = plan.figures.iter().enumerate();
    let tables = figures.flat_map(|(place, of)| {
        let screening = findings.screening.as_ref();
        let indices = findings.indices.as_ref();
        screening
            .map(|screening| elementary_effects(plan, screening, place, of, width))
            .into_iter()
            .chain(indices.map(|indices| variance_shares(plan, indices, place, of, width)))
    });
    let text: String = tables.flat_map(|table| [table, "\n".to_owned()]).collect();
    (!text.is_empty()).then_some(text)
}

fn elementary_effects(
    plan: &SweepPlan,
    screening: &Screening,
    place: usize,
    of: &FigurePlan,
    width: usize,
) -> String {
    let screened = screening.of(place);
    let most = screened.iter().map(|screened| screened.size.mean).fold(0.0, f64::max);
    let rows = plan.parameters.iter().zip(&screened).map(|(parameter, screened)| {
        vec![
            format!("  {}", parameter.path),
            interval(screened.size, of),
            signed(screened.mean, of),
            figure(screened.spread, of.unit),
            bar(screened.size.mean, most),
        ]
    });
    let header = [of.text.as_str(), "size of effect (μ*)", "effect (μ)", "spread (σ)", ""];
    Table::new(&header, &[4], rows).lines(width)
}

fn interval(interval: ConfidenceInterval, of: &FigurePlan) -> String {
    let half_width = Some(interval.half_width).filter(|half_width| half_width.is_finite());
    with_error(interval.mean, half_width, |value| figure(value, of.unit))
}

fn signed(value: f64, of: &FigurePlan) -> String {
    let sign = if value < 0.0 { "-" } else { "+" };
    format!("{sign}{}", figure(value.abs(), of.unit))
}

fn variance_shares(
    plan: &SweepPlan,
    indices: &Indices,
    place: usize,
    of: &FigurePlan,
    width: usize,
) -> String {
    let Some(indices) = indices.of(place) else {
        return format!("{}  the same at every point", of.text);
    };
    let rows = plan.parameters.iter().zip(&indices).map(|(parameter, index)| {
        vec![
            format!("  {}", parameter.path),
            format!("{:.2} ± {:.2}", index.first, index.first_half_width),
            format!("{:.2} ± {:.2}", index.total, index.total_half_width),
            bar(index.total.clamp(0.0, 1.0), 1.0),
        ]
    });
    let header = [of.text.as_str(), "by itself (S1)", "with interactions (ST)", ""];
    Table::new(&header, &[3], rows).lines(width)
}
