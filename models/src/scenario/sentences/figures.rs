//! Figures that sentences name, and the bounds they are held to.

use std::ops::Range;

use super::resolver::{Place, Resolver, suggestion};
use crate::expect::sentence::{WrittenBound, WrittenFigure, WrittenValue};
use crate::expect::{Bound, Relation, Throughout, TimeWindow};
use crate::observe::figures::{
    BreakersSubject, CallSubject, EffectSubject, FigureSubject, LinkSubject, PoolsSubject,
    QueueSubject, WorkloadSubject,
};
use crate::observe::{FigureUnit, Measure};
use crate::system::{Id, Ids, Source, of};

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
        let WrittenFigure { figure, of, priority, .. } = written;
        if of.is_link {
            let link = self.link_named(of, place)?;
            return self.figure_of(LinkSubject(link), written, place);
        }
        let is_of_calls = CallSubject::figure(figure).is_some();
        let is_effect = of.callee.is_none()
            && self.plan.blueprint.effects.iter().any(|effect| *effect == of.name);
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
            self.check_users(workload, written, place)?;
            return self.figure_of(WorkloadSubject(workload), written, place);
        }
        let (owner, kind) = self.pool_named(of, place)?;
        let pools = &self.plan.blueprint.pools;
        let is_it = |id: &Id<of::Pool>| pools[*id].owner == owner && pools[*id].kind == kind;
        let first = pools.ids().find(is_it).unwrap_or(Id::FIRST);
        let count = pools.ids().skip_while(|id| *id < first).take_while(is_it).count();
        let pools = Ids::new(first, count as u32);
        let is_wait = PoolsSubject::figure(figure).is_some_and(|it| PoolsSubject::is_of_waits(&it));
        if is_wait && !self.plan.blueprint.instances.iter().any(|it| pools.contains(it.slots)) {
            let message =
                format!("`{figure}` is known of the slots of a service, database or cache");
            self.problem_in(place, &of.at, message, "ask for one of those, such as `api.threads`");
            return None;
        }
        let priority = match priority {
            Some((name, at)) => Some(self.priority_named(name, at, place)?),
            None => None,
        };
        self.figure_of(PoolsSubject { pools, priority }, written, place)
    }

    /// Refuses figures of users if requests arrive from nobody in particular.
    fn check_users(
        &mut self,
        workload: Id<of::Workload>,
        written: &WrittenFigure,
        place: &Place<'_>,
    ) -> Option<()> {
        let is_open = matches!(
            self.plan.blueprint.workloads.get(workload).map(|it| &it.source),
            Some(Source::Open(_))
        );
        let figure = WorkloadSubject::figure(&written.figure);
        if is_open && figure.is_some_and(|it| WorkloadSubject::is_of_users(&it)) {
            let message = format!("`{}` has arrivals and no users", written.of.name);
            let help = "ask for `customers hit`, which needs `customers`";
            self.problem_in(place, &written.at, message, help);
            return None;
        }
        Some(())
    }

    fn priority_named(&mut self, name: &str, at: &Range<usize>, place: &Place<'_>) -> Option<u8> {
        let classes = &self.names.file.priorities;
        let found = classes.iter().position(|class| **class == *name);
        if found.is_none() {
            let known: Vec<&str> = classes.iter().map(|class| &**class).collect();
            let help = suggestion(name, &known, self.problems);
            self.problem_in(place, at, format!("there is no priority `{name}`"), help);
        }
        found.map(|class| class.min(usize::from(u8::MAX)) as u8)
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
        if let Some((_, at)) = &written.priority
            && !measure.is_by_priority()
        {
            let message = format!("`{name}` is not kept by priority");
            self.problem_in(place, at, message, "ask for `mean wait` or `p99 wait` of a pool");
            return None;
        }
        measure.watch(&mut self.plan.blueprint.watched);
        Some(measure)
    }
}
