//! Handlers compiled to flat programs of steps.

use super::super::problem::Problem;
use super::super::quantity::Duration;
use super::super::schema::Step as Written;
use super::{Caller, Compiler, FoundEdge, MOST_STEPS, split_target};
use crate::Outcome;
use crate::system::{BranchTable, CallSite, OnFailure, StationKind, Step};

/// The things a step can do, by key.
const ACTIONS: &str =
    "work, pause, call, query, cache, send, effect, parallel, branch, repeat, fail or poison";

impl Compiler<'_> {
    pub(super) fn handlers(&mut self) {
        let scenario = self.scenario;
        for (name, cache) in &scenario.caches {
            self.cache_contents(name, cache);
        }
        for (name, service) in &scenario.services {
            let Some(&id) = self.stations.get(name) else { continue };
            let path = format!("services.{name}");
            let is_empty = service.handle.is_empty() && service.operations.is_empty();
            if is_empty && !self.was_removed(&path) {
                let at = self.key_at(&path);
                self.problems.add(
                    Problem::error(format!("`{name}` does nothing"), at)
                        .labelled("no handler")
                        .with_help("write what it does with a request, such as `handle: [ { work: 2ms } ]`"),
                );
            }
            if !service.handle.is_empty() || service.operations.is_empty() {
                self.handler(Caller::Station(id), "", &service.handle, &format!("{path}.handle"));
            }
            for (operation, steps) in &service.operations {
                self.check_name(operation, &format!("{path}.operations"));
                self.handler(
                    Caller::Station(id),
                    operation,
                    steps,
                    &format!("{path}.operations.{operation}"),
                );
            }
        }
        for (name, database) in &scenario.databases {
            let Some(&id) = self.stations.get(name) else { continue };
            let path = format!("databases.{name}");
            if database.query.is_none() && database.queries.is_empty() && !self.was_removed(&path) {
                let at = self.key_at(&path);
                self.error(
                    at,
                    format!("there is no telling how long a query of `{name}` takes"),
                    "write `query: exponential 5ms`",
                );
            }
            if let Some(query) = &database.query {
                let work = Written { work: Some(query.clone()), ..Written::default() };
                self.handler(Caller::Station(id), "", &[work], &format!("{path}.query"));
            }
            for (kind, query) in &database.queries {
                let work = Written { work: Some(query.clone()), ..Written::default() };
                self.handler(Caller::Station(id), kind, &[work], &format!("{path}.queries.{kind}"));
            }
        }
        for (name, cache) in &scenario.caches {
            let Some(&id) = self.stations.get(name) else { continue };
            let look_up = Written { work: cache.latency.clone(), ..Written::default() };
            let steps = if cache.latency.is_some() { vec![look_up] } else { Vec::new() };
            self.handler(Caller::Station(id), "", &steps, &format!("caches.{name}.latency"));
        }
    }

    fn handler(&mut self, caller: Caller, operation: &str, steps: &[Written], path: &str) {
        let Caller::Station(id) = caller else { return };
        let entry = self.blueprint.program.len();
        self.entries.insert((id, operation.to_owned()), entry as u32);
        self.sequence(caller, steps, path);
        self.push(Step::Answer);
        if self.blueprint.program.len() - entry > MOST_STEPS {
            let at = self.value_at(path);
            self.error(
                at,
                format!("this handler has more than {MOST_STEPS} steps"),
                "repetitions count in full; repeat less often",
            );
        }
    }

    pub(super) fn sequence(&mut self, caller: Caller, steps: &[Written], path: &str) {
        for (index, step) in steps.iter().enumerate() {
            if self.blueprint.program.len() < 8 * MOST_STEPS {
                self.step(caller, step, &format!("{path}[{index}]"));
            }
        }
    }

    pub(super) fn push(&mut self, step: Step) -> usize {
        self.blueprint.program.push(step);
        self.blueprint.program.len() - 1
    }

    fn next(&self) -> u32 {
        self.blueprint.program.len() as u32
    }

    fn step(&mut self, caller: Caller, step: &Written, path: &str) {
        if !self.does_one_thing(step, path) || !self.suits_caller(caller, step, path) {
            return;
        }
        let on_failure = step.on_failure.map_or(OnFailure::Fail, OnFailure::from);
        if let Some(work) = &step.work {
            let distribution = self.distribution(work, &format!("{path}.work"));
            self.push(Step::Work(distribution));
        } else if let Some(pause) = &step.pause {
            let distribution = self.distribution(pause, &format!("{path}.pause"));
            self.push(Step::Pause(distribution));
        } else if let Some(target) = &step.call {
            self.call(caller, target, on_failure, StationKind::Service, &format!("{path}.call"));
        } else if let Some(target) = &step.query {
            self.call(caller, target, on_failure, StationKind::Database, &format!("{path}.query"));
        } else if let Some(cache) = &step.cache {
            self.look_up(caller, cache, step.miss.as_deref().unwrap_or_default(), path);
        } else if let Some(queue) = &step.send {
            if let Some(queue) = self.queue(queue, &format!("{path}.send")) {
                self.push(Step::Send(queue));
            }
        } else if let Some(effect) = &step.effect {
            let known = self.blueprint.effects.iter().position(|known| known == effect);
            let id = known.unwrap_or_else(|| {
                self.blueprint.effects.push(effect.clone());
                self.blueprint.effects.len() - 1
            });
            self.push(Step::Effect(id as u32));
        } else if let Some(branches) = &step.parallel {
            self.parallel(caller, branches, path);
        } else if let Some(probability) = step.branch {
            let chance = self.push(Step::Answer);
            self.sequence(
                caller,
                step.then.as_deref().unwrap_or_default(),
                &format!("{path}.then"),
            );
            let jump = self.push(Step::Answer);
            self.blueprint.program[chance] = Step::Chance {
                probability: probability.0 as f32,
                otherwise: self.next(),
                needs_answer: false,
            };
            self.sequence(
                caller,
                step.otherwise.as_deref().unwrap_or_default(),
                &format!("{path}.else"),
            );
            self.blueprint.program[jump] = Step::Jump(self.next());
        } else if let Some(times) = step.repeat {
            for _ in 0..times.min(MOST_STEPS as u32 + 1) {
                self.sequence(
                    caller,
                    step.steps.as_deref().unwrap_or_default(),
                    &format!("{path}.steps"),
                );
            }
        } else if let Some(probability) = step.fail {
            let outcome = step.fails_as.unwrap_or(Outcome::ServerError);
            let retry_after = step.retry_after.map_or(0, Duration::as_millis);
            self.push(Step::Fail { probability: probability.0 as f32, outcome, retry_after });
        } else if let Some(share) = step.poison {
            self.has_poison = true;
            self.push(Step::Poison {
                share: share.0 as f32,
                outcome: step.fails_as.unwrap_or(Outcome::ServerError),
            });
        }
    }

    /// Exactly one action, and only details that belong to it.
    fn does_one_thing(&mut self, step: &Written, path: &str) -> bool {
        let actions = [
            step.work.is_some(),
            step.pause.is_some(),
            step.call.is_some(),
            step.query.is_some(),
            step.cache.is_some(),
            step.send.is_some(),
            step.effect.is_some(),
            step.parallel.is_some(),
            step.branch.is_some(),
            step.repeat.is_some(),
            step.fail.is_some(),
            step.poison.is_some(),
        ];
        let count = actions.iter().filter(|is_there| **is_there).count();
        if count != 1 {
            if count > 1 || !self.was_removed(path) {
                let at = self.value_at(path);
                let message = if count == 0 {
                    "this step does nothing"
                } else {
                    "this step does several things"
                };
                self.error(at, message, format!("write one of {ACTIONS} a step"));
            }
            return false;
        }
        let details = [
            ("miss", step.miss.is_some(), step.cache.is_some(), "cache"),
            ("then", step.then.is_some(), step.branch.is_some(), "branch"),
            ("else", step.otherwise.is_some(), step.branch.is_some(), "branch"),
            ("steps", step.steps.is_some(), step.repeat.is_some(), "repeat"),
            (
                "as",
                step.fails_as.is_some(),
                step.fail.is_some() || step.poison.is_some(),
                "fail` or `poison",
            ),
            ("retry after", step.retry_after.is_some(), step.fail.is_some(), "fail"),
            (
                "on failure",
                step.on_failure.is_some(),
                step.call.is_some() || step.query.is_some(),
                "call` or `query",
            ),
        ];
        for (detail, is_there, has_action, action) in details {
            if is_there && !has_action {
                let at = self.key_at(&format!("{path}.{detail}"));
                self.error(
                    at,
                    format!("`{detail}` means nothing in this step"),
                    format!("it belongs to `{action}`"),
                );
            }
        }
        true
    }

    /// Clients call and pause; they compute nothing.
    fn suits_caller(&mut self, caller: Caller, step: &Written, path: &str) -> bool {
        let is_server_step = step.work.is_some()
            || step.query.is_some()
            || step.cache.is_some()
            || step.parallel.is_some()
            || step.fail.is_some()
            || step.send.is_some()
            || step.effect.is_some()
            || step.poison.is_some();
        let is_refused =
            matches!(caller, Caller::Workload(_)) && (is_server_step || step.on_failure.is_some());
        if is_refused {
            let at = self.value_at(path);
            self.error(
                at,
                "clients do not do this",
                "steps of a workload are call, pause, branch and repeat",
            );
        }
        !is_refused
    }

    pub(super) fn call(
        &mut self,
        caller: Caller,
        target: &str,
        on_failure: OnFailure,
        kind: StationKind,
        path: &str,
    ) {
        let (name, operation) = split_target(target);
        let Some(callee) = self.station(name, path) else { return };
        let found = self.blueprint.stations[callee as usize].kind;
        if found != kind {
            let at = self.value_at(path);
            let (is, verb) = match found {
                StationKind::Service => ("a service", "call"),
                StationKind::Database => ("a database", "query"),
                StationKind::Cache => ("a cache", "cache"),
            };
            self.error(at, format!("`{name}` is {is}"), format!("write `{verb}: {target}`"));
            return;
        }
        let edge = self.edge(caller, callee);
        self.blueprint.sites.push(CallSite { edge, entry: 0, on_failure });
        self.called.push((callee, operation.to_owned()));
        self.check_operation(callee, name, operation, path);
        self.push(Step::Call(self.blueprint.sites.len() as u32 - 1));
    }

    pub(super) fn check_operation(&mut self, callee: u32, name: &str, operation: &str, path: &str) {
        let scenario = self.scenario;
        let (has_unnamed, named): (bool, Vec<&String>) =
            match self.blueprint.stations[callee as usize].kind {
                StationKind::Service => {
                    let service = &scenario.services[name];
                    (
                        !service.handle.is_empty() || service.operations.is_empty(),
                        service.operations.keys().collect(),
                    )
                }
                StationKind::Database => (
                    scenario.databases[name].query.is_some(),
                    scenario.databases[name].queries.keys().collect(),
                ),
                StationKind::Cache => (true, Vec::new()),
            };
        let exists = if operation.is_empty() {
            has_unnamed
        } else {
            named.iter().any(|known| *known == operation)
        };
        if exists
            || self.was_removed(&format!("services.{name}"))
            || self.was_removed(&format!("databases.{name}"))
        {
            return;
        }
        let names =
            named.iter().map(|known| format!("`{name}.{known}`")).collect::<Vec<_>>().join(", ");
        let at = self.value_at(path);
        let message = match (operation, named.is_empty()) {
            ("", true) => return,
            ("", false) => format!("`{name}` has several operations"),
            _ => format!("`{name}` has no operation `{operation}`"),
        };
        let help = if named.is_empty() {
            format!("write `{name}`")
        } else {
            format!("write one of {names}")
        };
        self.error(at, message, help);
    }

    pub(super) fn edge(&mut self, caller: Caller, callee: u32) -> u32 {
        let known =
            self.edges.iter().position(|edge| edge.caller == caller && edge.callee == callee);
        known.unwrap_or_else(|| {
            self.edges.push(FoundEdge { caller, callee });
            self.edges.len() - 1
        }) as u32
    }

    fn look_up(&mut self, caller: Caller, cache: &str, miss: &[Written], path: &str) {
        self.call(caller, cache, OnFailure::Ignore, StationKind::Cache, &format!("{path}.cache"));
        if let Some(id) = self.keyed_cache(cache) {
            let look_up = self.push(Step::Answer);
            let jump = self.push(Step::Answer);
            self.blueprint.program[look_up] = Step::LookUp { cache: id, miss: self.next() };
            self.sequence(caller, miss, &format!("{path}.miss"));
            self.push(Step::Fill(id));
            self.blueprint.program[jump] = Step::Jump(self.next());
            return;
        }
        let hit_rate = self
            .scenario
            .caches
            .get(cache)
            .and_then(|cache| cache.hit_rate)
            .map_or(1.0, |share| share.0);
        let hit = self.push(Step::Answer);
        let jump = self.push(Step::Answer);
        self.blueprint.program[hit] = Step::Chance {
            probability: hit_rate as f32,
            otherwise: self.next(),
            needs_answer: true,
        };
        self.sequence(caller, miss, &format!("{path}.miss"));
        self.blueprint.program[jump] = Step::Jump(self.next());
    }

    fn parallel(&mut self, caller: Caller, branches: &[Vec<Written>], path: &str) {
        if branches.is_empty() {
            return;
        }
        let table = self.blueprint.tables.len();
        self.blueprint.tables.push(BranchTable::default());
        self.push(Step::Fork(table as u32));
        let mut entries = Vec::new();
        for (index, steps) in branches.iter().enumerate() {
            entries.push(self.next());
            self.sequence(caller, steps, &format!("{path}.parallel[{index}]"));
            self.push(Step::Answer);
        }
        self.blueprint.tables[table] =
            BranchTable { entries, cumulative: Vec::new(), join: self.next() };
    }

    /// Fills in where each call goes, now that all handlers are there.
    pub(super) fn resolve_sites(&mut self) {
        for (site, operation) in self.blueprint.sites.iter_mut().zip(&self.called) {
            site.entry = self.entries.get(operation).copied().unwrap_or(0);
        }
    }
}
