//! The Pareto front of the first two objectives.

use sim_experiments::sweep::analysis::Findings;

use crate::plot::{TradeOff, colour, extremes, padded, short_name};
use crate::sweep::Header;

/// More points than this are not all named.
const MOST_NAMES: usize = 12;

/// The points that no other beats; `None` if there are fewer than two objectives.
pub(super) fn front<'a>(header: &'a Header, findings: &Findings) -> Option<TradeOff<'a>> {
    let mut objectives = header.plan.objectives().map(|(place, _)| place);
    let (across, up) = (objectives.next()?, objectives.next()?);
    let plans = [across, up].map(|place| &header.plan.figures[place]);
    let mut points = named_points(header, findings, across, up);
    points
        .sort_by(|(one, _), (other, _)| one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1)));
    let range = |value: fn(&(f64, f64)) -> f64, place: usize| {
        padded(extremes(points.iter().map(|(point, _)| value(point))), plans[place].unit)
    };
    Some(TradeOff {
        title: format!("{}: points that no other beats in every objective", header.scenario),
        objectives: plans,
        ranges: [range(|point| point.0, 0), range(|point| point.1, 1)],
        points: points.iter().map(|(point, _)| *point).collect(),
        line: colour::FAINT,
        names: {
            let step = points.len().div_ceil(MOST_NAMES).max(1);
            points.into_iter().step_by(step).collect()
        },
    })
}

fn named_points(
    header: &Header,
    findings: &Findings,
    across: usize,
    up: usize,
) -> Vec<((f64, f64), String)> {
    let chooser = header.chooser();
    let points = findings.front.points.iter().filter_map(|point| {
        let levels = chooser.levels(point.point).into_iter();
        let names: Vec<String> = levels.map(|level| short_name(&level.shown)).collect();
        Some(((point.figures[across]?.mean, point.figures[up]?.mean), names.join(", ")))
    });
    points.collect()
}
