//! Figures that sentences name, and the bounds they are held to.

use super::resolver::{Place, Resolver};
use crate::expect::sentence::{WrittenBound, WrittenFigure, WrittenValue};
use crate::expect::{Bound, Relation, Throughout, TimeWindow};
use crate::observe::figures::{
    BreakersSubject, CallSubject, EffectSubject, FigureSubject, LinkSubject, PoolsSubject,
    QueueSubject, WorkloadSubject,
};
use crate::observe::{FigureUnit, Measure};

impl Resolver<'_, '_> {
    /// Has the latencies over a window kept while the run lasts, if the figure needs them.
    pub fn keep_latencies(
        &mut self,
        measure: &Measure,
        throughout: Throughout,
        window: Option<TimeWindow>,
    ) {
        let (Throughout::Window, Some(TimeWindow { from, to })) = (throughout, window) else {
            return;
        };
        if let Some(wanted) = measure.latencies_to_keep(from, to)
            && !self.plan.blueprint.latency_windows.contains(&wanted)
        {
            self.plan.blueprint.latency_windows.push(wanted);
        }
    }

    pub fn bound(
        &mut self,
        measure: &Measure,
        bound: &WrittenBound,
        place: &Place<'_>,
    ) -> Option<Bound> {
        let unit = measure.unit();
        let (value, is_right) = match bound.value {
            WrittenValue::Share(value) => (value, unit == FigureUnit::Share),
            WrittenValue::Time(value) => (value, unit == FigureUnit::Time),
            WrittenValue::Rate(value) => (value, unit == FigureUnit::Rate),
            WrittenValue::Factor(value) => (value, unit == FigureUnit::Factor),
            WrittenValue::Count(value) => (value, unit == FigureUnit::Count || value == 0.0),
        };
        if !is_right {
            self.problem_in(
                place,
                &bound.at,
                format!("this figure is {}", unit.description()),
                format!("write one such as `{}`", unit.example()),
            );
            return None;
        }
        let cannot_fail = match (bound.relation, unit) {
            (Relation::AtLeast, _) => value <= 0.0,
            (Relation::AtMost, FigureUnit::Share) => value >= 1.0,
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

    /// A figure of the thing that is named. The figure helps to tell which thing is meant: some
    /// kinds of things share their names, and some figures belong to one kind only.
    pub fn measure(&mut self, written: &WrittenFigure, place: &Place<'_>) -> Option<Measure> {
        let WrittenFigure { figure, of, .. } = written;
        if of.is_link {
            let link = self.link_named(of, place)?;
            return self.figure_of(LinkSubject(link), written, place);
        }
        let is_of_calls = CallSubject::figure(figure).is_some();
        let is_effect = of.callee.is_none() && self.plan.blueprint.effects.contains(&of.name);
        if EffectSubject::figure(figure).is_some() && (is_effect || !is_of_calls) {
            let effect = self.effect_named(of, place)?;
            return self.figure_of(EffectSubject(effect), written, place);
        }
        if BreakersSubject::figure(figure).is_some() && !is_of_calls {
            let edge = self.edge_named(of, place)?;
            let breakers = self.plan.blueprint.breakers_of(edge).collect();
            return self.figure_of(BreakersSubject(breakers), written, place);
        }
        if of.is_queue || (self.names.file.queues.contains_key(&of.name) && of.callee.is_none()) {
            let queue = self.queue_named(of, place)?;
            return self.figure_of(QueueSubject(queue), written, place);
        }
        if of.callee.is_some() && of.part.is_none() {
            let edge = self.edge_named(of, place)?;
            return self.figure_of(CallSubject(edge), written, place);
        }
        let is_workload = self.names.file.workloads.contains_key(&of.name);
        let is_workload_meant = WorkloadSubject::figure(figure).is_some()
            && self.names.find_station(&of.name).is_none();
        if of.part.is_none() && (is_workload || is_workload_meant) {
            let workload = self.workload_named(of, place)?;
            return self.figure_of(WorkloadSubject(workload), written, place);
        }
        let (owner, kind) = self.pool_named(of, place)?;
        let pools = &self.plan.blueprint.pools;
        let is_it = |index: &usize| pools[*index].owner == owner && pools[*index].kind == kind;
        let first = (0..pools.len()).find(is_it).unwrap_or(0);
        let count = (first..pools.len()).take_while(is_it).count();
        self.figure_of(PoolsSubject(first as u32..(first + count) as u32), written, place)
    }

    fn figure_of<S: FigureSubject>(
        &mut self,
        subject: S,
        written: &WrittenFigure,
        place: &Place<'_>,
    ) -> Option<Measure> {
        let WrittenFigure { figure: name, at, .. } = written;
        let Some(figure) = S::figure(name) else {
            let known: Vec<String> = S::names().iter().map(|name| format!("`{name}`")).collect();
            self.problem_in(
                place,
                at,
                format!("{} has no `{name}`", S::DESCRIPTION),
                format!("it has {}", known.join(", ")),
            );
            return None;
        };
        let measure = subject.measure(figure);
        measure.watch(&mut self.plan.blueprint.watched);
        Some(measure)
    }
}
