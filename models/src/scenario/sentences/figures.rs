//! Figures that sentences name, and the bounds they are held to.

use std::ops::Range;

use super::resolver::{Place, Resolver};
use crate::expect::grammar::FIGURES;
use crate::expect::sentence::{Value, WrittenBound, WrittenFigure};
use crate::expect::{Bound, Relation, Throughout, Window};
use crate::observe::{
    BreakerFigure, EdgeFigure, LatencyWindow, Measure, PoolFigure, QueueFigure, Unit,
    WorkloadFigure,
};
use crate::{Outcome, OutcomeSet};

impl Resolver<'_, '_> {
    /// Latencies over a window have to be kept while the run lasts.
    pub fn keep_latencies(
        &mut self,
        measure: &Measure,
        throughout: Throughout,
        window: Option<Window>,
    ) {
        let Measure::Workload(workload, WorkloadFigure::Latency(_) | WorkloadFigure::MeanLatency) =
            measure
        else {
            return;
        };
        if let (Throughout::Window, Some(Window { from, to })) = (throughout, window) {
            let wanted = LatencyWindow { workload: *workload, from, to };
            if !self.plan.blueprint.latency_windows.contains(&wanted) {
                self.plan.blueprint.latency_windows.push(wanted);
            }
        }
    }

    pub fn bound(
        &mut self,
        measure: &Measure,
        bound: &WrittenBound,
        place: &Place<'_>,
    ) -> Option<Bound> {
        let (value, is_right) = match (bound.value, measure.unit()) {
            (Value::Share(value), unit) => (value, unit == Unit::Share),
            (Value::Time(value), unit) => (value, unit == Unit::Time),
            (Value::Rate(value), unit) => (value, unit == Unit::Rate),
            (Value::Factor(value), unit) => (value, unit == Unit::Factor),
            (Value::Count(value), unit) => (value, unit == Unit::Count || value == 0.0),
        };
        if !is_right {
            let (what, example) = match measure.unit() {
                Unit::Share => ("a share", "99%"),
                Unit::Time => ("a time", "400ms"),
                Unit::Rate => ("a rate", "100/s"),
                Unit::Count => ("a number", "5"),
                Unit::Factor => ("a factor", "1.5x"),
            };
            self.problem_in(
                place,
                &bound.at,
                format!("this figure is {what}"),
                format!("write one such as `{example}`"),
            );
            return None;
        }
        let cannot_fail = match (bound.relation, measure.unit()) {
            (Relation::AtLeast, _) => value <= 0.0,
            (Relation::AtMost, Unit::Share) => value >= 1.0,
            _ => false,
        };
        if cannot_fail {
            self.problem_in(
                place,
                &bound.at,
                "this holds whatever happens",
                "write a bound that a run can miss",
            );
            return None;
        }
        Some(Bound { relation: bound.relation, value })
    }

    pub fn measure(
        &mut self,
        WrittenFigure { figure, of, at }: &WrittenFigure,
        place: &Place<'_>,
    ) -> Option<Measure> {
        if figure == "duplicates" {
            return self.effect_named(of, place).map(Measure::Duplicates);
        }
        if self.plan.blueprint.effects.contains(&of.name)
            && figure == "calls"
            && of.callee.is_none()
        {
            return self.effect_named(of, place).map(Measure::Effects);
        }
        if figure == "changes" {
            let edge = self.edge_named(of, place)?;
            return Some(Measure::Breakers(
                self.plan.blueprint.breakers_of(edge).collect(),
                BreakerFigure::Changes,
            ));
        }
        if of.is_queue || (self.names.file.queues.contains_key(&of.name) && of.callee.is_none()) {
            let queue = self.queue_named(of, place)?;
            let figure_of_queue = queue_figure(figure);
            if figure_of_queue.is_none() {
                self.no_such_figure(
                    figure,
                    at,
                    "a queue of messages",
                    |figure| queue_figure(figure).is_some(),
                    place,
                );
            }
            return Some(Measure::Queue(queue, figure_of_queue?));
        }
        if of.callee.is_some() && of.part.is_none() {
            let edge = self.edge_named(of, place)?;
            let figure_of_edge = edge_figure(figure);
            if figure_of_edge.is_none() {
                self.no_such_figure(
                    figure,
                    at,
                    "a call",
                    |figure| edge_figure(figure).is_some(),
                    place,
                );
            }
            return Some(Measure::Edge(edge, figure_of_edge?));
        }
        if let Some(workload) =
            self.names.file.workloads.get_index_of(&of.name).filter(|_| of.part.is_none())
        {
            let figure_of_workload = workload_figure(figure);
            if figure_of_workload.is_none() {
                self.no_such_figure(
                    figure,
                    at,
                    "a workload",
                    |figure| workload_figure(figure).is_some(),
                    place,
                );
            }
            return Some(Measure::Workload(workload as u32, figure_of_workload?));
        }
        let is_workload_meant = of.part.is_none() && workload_figure(figure).is_some();
        if is_workload_meant && self.names.find_station(&of.name).is_none() {
            self.workload_named(of, place);
            return None;
        }
        let (owner, kind) = self.pool_named(of, place)?;
        let figure_of_pool = pool_figure(figure);
        if figure_of_pool.is_none() {
            self.no_such_figure(
                figure,
                at,
                "a pool",
                |figure| pool_figure(figure).is_some(),
                place,
            );
        }
        let pools = &self.plan.blueprint.pools;
        let is_it = |index: &usize| pools[*index].owner == owner && pools[*index].kind == kind;
        let first = (0..pools.len()).find(is_it).unwrap_or(0);
        let count = (first..pools.len()).take_while(is_it).count();
        Some(Measure::Pools(first as u32..(first + count) as u32, figure_of_pool?))
    }

    pub fn no_such_figure(
        &mut self,
        figure: &str,
        at: &Range<usize>,
        of: &str,
        is_one: impl Fn(&str) -> bool,
        place: &Place<'_>,
    ) {
        let known: Vec<String> = FIGURES
            .iter()
            .filter(|figure| is_one(figure))
            .map(|figure| format!("`{figure}`"))
            .collect();
        self.problem_in(
            place,
            at,
            format!("{of} has no `{figure}`"),
            format!("it has {}", known.join(", ")),
        );
    }
}

fn quantile(figure: &str) -> Option<f64> {
    match figure {
        "p50" => Some(0.5),
        "p90" => Some(0.9),
        "p95" => Some(0.95),
        "p99" => Some(0.99),
        "p99.9" => Some(0.999),
        _ => None,
    }
}

fn outcomes(figure: &str) -> Option<OutcomeSet> {
    match figure {
        "failures" => Some(OutcomeSet::failures()),
        "answers" => Some(OutcomeSet::good()),
        "rejections" => Some(OutcomeSet::rejections()),
        _ => Outcome::ALL
            .into_iter()
            .find(|outcome| outcome.name() == figure)
            .map(|outcome| OutcomeSet::of(&[outcome])),
    }
}

fn workload_figure(figure: &str) -> Option<WorkloadFigure> {
    Some(match figure {
        "availability" => WorkloadFigure::Availability,
        "error rate" => WorkloadFigure::ErrorRate,
        "degraded share" => WorkloadFigure::DegradedShare,
        "goodput" => WorkloadFigure::Goodput,
        "load" => WorkloadFigure::Load,
        "requests" => WorkloadFigure::Requests,
        "mean latency" => WorkloadFigure::MeanLatency,
        "revenue" => WorkloadFigure::Revenue,
        "revenue loss" => WorkloadFigure::RevenueLoss,
        "customers hit" => WorkloadFigure::CustomersHit,
        _ => {
            return quantile(figure)
                .map(WorkloadFigure::Latency)
                .or_else(|| outcomes(figure).map(WorkloadFigure::Ended));
        }
    })
}

fn edge_figure(figure: &str) -> Option<EdgeFigure> {
    Some(match figure {
        "availability" => EdgeFigure::Availability,
        "error rate" => EdgeFigure::ErrorRate,
        "load" => EdgeFigure::Load,
        "calls" => EdgeFigure::Calls,
        "attempts" => EdgeFigure::Attempts,
        "amplification" => EdgeFigure::Amplification,
        "rejection rate" => EdgeFigure::RejectionRate,
        "rejected share" => EdgeFigure::RejectedShare,
        "mean latency" => EdgeFigure::MeanLatency,
        _ => {
            return quantile(figure)
                .map(EdgeFigure::Latency)
                .or_else(|| outcomes(figure).map(EdgeFigure::Ended));
        }
    })
}

fn queue_figure(figure: &str) -> Option<QueueFigure> {
    Some(match figure {
        "depth" => QueueFigure::Depth,
        "age" => QueueFigure::Age,
        "sent messages" => QueueFigure::Sent,
        "refused messages" => QueueFigure::Refused,
        "delivered messages" => QueueFigure::Delivered,
        "dead letters" => QueueFigure::DeadLetters,
        "expired messages" => QueueFigure::Expired,
        "compensated messages" => QueueFigure::Compensated,
        _ => return quantile(figure).map(QueueFigure::Latency),
    })
}

fn pool_figure(figure: &str) -> Option<PoolFigure> {
    match figure {
        "utilization" => Some(PoolFigure::Utilization),
        "busy" => Some(PoolFigure::Busy),
        "capacity" => Some(PoolFigure::Capacity),
        "queue" => Some(PoolFigure::Queue),
        _ => None,
    }
}
