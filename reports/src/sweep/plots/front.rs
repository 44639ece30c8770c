//! The Pareto front of the first two objectives.

use sim_experiments::sweep::analysis::Findings;
use sim_models::study::Level;

use crate::plot::{FrontPoint, TradeOff, colour, extremes, padded};
use crate::sweep::Header;

/// The points that no other beats; `None` if there are fewer than two objectives.
pub(super) fn front<'a>(header: &'a Header, findings: &Findings) -> Option<TradeOff<'a>> {
    let mut objectives = header.plan.objectives().map(|(place, _)| place);
    let (across, up) = (objectives.next()?, objectives.next()?);
    let plans = [across, up].map(|place| &header.plan.figures[place]);
    let mut now = None;
    let mut points = points(header, findings, [across, up], &mut now);
    points.sort_by(|one, other| {
        one.at.0.total_cmp(&other.at.0).then(one.at.1.total_cmp(&other.at.1))
    });
    let range = |value: fn(&FrontPoint) -> f64, place: usize| {
        padded(extremes(points.iter().map(value)), plans[place].unit)
    };
    let named_by: Vec<&str> = header.plan.parameters.iter().map(|it| it.path.as_str()).collect();
    Some(TradeOff {
        title: format!("{}: points that no other beats in every objective", header.scenario),
        objectives: plans,
        ranges: [range(|point| point.at.0, 0), range(|point| point.at.1, 1)],
        named_by: named_by.join(", "),
        points,
        line: colour::FAINT,
        now,
        recommended: None,
    })
}

/// The points of the front; `now` becomes the one with the present values, if it is among them.
fn points(
    header: &Header,
    findings: &Findings,
    objectives: [usize; 2],
    now: &mut Option<(f64, f64)>,
) -> Vec<FrontPoint> {
    let chooser = header.chooser();
    let points = findings.front.points.iter().filter_map(|point| {
        let levels = chooser.levels(point.point);
        let names: Vec<String> = levels.iter().map(|level| level.shown.clone()).collect();
        let [across, up] = [point.figures[objectives[0]]?, point.figures[objectives[1]]?];
        let at = (across.mean, up.mean);
        if is_now(&levels, &header.plan.now) {
            *now = Some(at);
        }
        let half_widths = [across.half_width, up.half_width];
        Some(FrontPoint { at, half_widths, name: names.join(", ") })
    });
    points.collect()
}

fn is_now(levels: &[Level], now: &[Option<f64>]) -> bool {
    levels.len() == now.len()
        && levels.iter().zip(now).all(|(level, now)| Some(level.number) == *now)
}
