//! Alerts, and conditions on the figures of a run.

use sim_core::SimDuration;

use super::resolver::{Place, Resolver};
use crate::expect::grammar::read_condition;
use crate::expect::sentence::WrittenCondition;
use crate::expect::{Bound, Relation};
use crate::language::quantity::Duration;
use crate::language::{Name, Placed, Problems, section};
use crate::observe::{AlertPlan, Condition, Measure};
use crate::scenario::Through;
use crate::scenario::names::Names;
use crate::scenario::plan::Plan;

section! {
    /// An alert.
    pub(crate) struct Alert {
        /// The condition, such as `breaker a -> b is open` or `rejection rate of a -> b over 5m is
        /// above 10/s`.
        "when" => when: Placed<String>,
        /// The time that it must hold before the alert fires; not at all if left out.
        "for" => hold: Option<Duration>,
        /// The severity; warning if left out.
        "severity" => severity: Option<Name>,
        .. => through: Through,
    }
}

/// Compiles all alerts.
pub(crate) fn compile_alerts(names: &Names<'_>, plan: &mut Plan, problems: &mut Problems) {
    for (name, alert) in names.file.alerts.iter() {
        let Some(condition) = compile_condition(&alert.when, names, plan, problems) else {
            continue;
        };
        plan.blueprint.alerts.push(AlertPlan {
            name: name.clone(),
            severity: alert.severity.as_deref().unwrap_or("warning").to_owned(),
            condition,
            hold: alert.hold.map_or(SimDuration::ZERO, |span| span.0),
            through: alert.through.plan(plan),
        });
    }
}

/// Compiles a condition on the figures of a run.
pub(crate) fn compile_condition(
    text: &Placed<String>,
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) -> Option<Condition> {
    let mut resolver = Resolver { names, plan, problems };
    let (measure, over, bound) = resolver.condition(&Place::of(text))?;
    let over = over.unwrap_or(SimDuration::ZERO);
    Some(Condition { text: (**text).clone(), measure, over, bound })
}

impl Resolver<'_, '_> {
    fn condition(&mut self, place: &Place<'_>) -> Option<(Measure, Option<SimDuration>, Bound)> {
        match read_condition(place.text) {
            Err(unreadable) => {
                self.unreadable(&unreadable, place);
                None
            }
            Ok(WrittenCondition::BreakerIs(target, state)) => {
                let edge = self.edge_named(&target, place)?;
                let breakers: Vec<_> = self.plan.blueprint.breakers_of(edge).collect();
                if breakers.is_empty() {
                    let message = "this call has no breaker";
                    self.warning_in(place, &target.at, message, "this is never met");
                }
                let bound = Bound { relation: Relation::Above, value: 0.0 };
                Some((Measure::breakers_in(state, breakers), None, bound))
            }
            Ok(WrittenCondition::Figure { figure, over, bound }) => {
                let measure = self.measure(&figure, place)?.in_conditions();
                let bound = self.bound(&measure, &bound, place)?;
                let is_known = if over.is_some() {
                    measure.is_known_of_any_stretch()
                } else {
                    measure.is_known_of_each_interval()
                };
                if !is_known {
                    let message = format!("`{}` is not kept for stretches of a run", figure.figure);
                    let help = "ask for p50 or p99, without `over`, or for another figure";
                    self.problem_in(place, &figure.at, message, help);
                    return None;
                }
                Some((measure, over, bound))
            }
        }
    }
}
