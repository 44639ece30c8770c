//! Systems as the text of a scenario.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::{
    Backoff, Breaker, Bulkhead, Edge, Fallback, Fault, Guard, Net, OnFailure, RateLimit, Scope,
    Service, Slots, Slow, Step, Strike, Window, Workload,
};

impl Net {
    /// The scenario, without what no request reaches.
    pub fn text(&self) -> String {
        let reached = self.reached();
        let seconds = self.drain / super::SECOND;
        let mut text =
            format!("run: {{ duration: {}ns, drain: {seconds}s }}\nregions:\n", self.duration);
        for (from, ways) in self.regions.iter().enumerate() {
            let others = ways.iter().enumerate().filter(|(to, _)| *to != from);
            let ways: Vec<String> = others.map(|(to, way)| format!("r{to}: {way}ns")).collect();
            let _ = writeln!(text, "  r{from}: {{ {} }}", ways.join(", "));
        }
        text.push_str("workloads:\n");
        for (index, Workload { rate, region, .. }) in self.workloads.iter().enumerate() {
            let _ = writeln!(
                text,
                "  w{index}: {{ to: s0, arrivals: constant {rate}/m, region: r{region} }}"
            );
        }
        self.write_services(&mut text, &reached);
        text.push_str("calls:\n");
        for edge in &reached {
            let _ = writeln!(text, "{}", self.line(&self.edges[*edge]));
        }
        let faults = self.faults.iter().filter(|fault| self.is_reached(&fault.strike, &reached));
        let faults: Vec<String> = faults.map(|fault| self.fault_line(fault)).collect();
        if !faults.is_empty() {
            let _ = write!(text, "faults:\n{}", faults.concat());
        }
        text
    }

    /// The edges over which requests come.
    pub fn reached(&self) -> BTreeSet<usize> {
        let mut reached = BTreeSet::new();
        let mut open: Vec<usize> = self.workloads.iter().map(|it| it.edge).collect();
        while let Some(edge) = open.pop() {
            if reached.insert(edge) {
                let plan = &self.edges[edge];
                open.extend(self.services[plan.callee].steps.iter().flat_map(called));
                open.extend(plan.fallbacks.iter().filter_map(|it| match it {
                    Fallback::Call(edge) => Some(*edge),
                    _ => None,
                }));
            }
        }
        reached
    }

    fn is_reached(&self, strike: &Strike, reached: &BTreeSet<usize>) -> bool {
        match strike {
            Strike::BlackHole(edge) | Strike::RefuseEdge(edge) | Strike::SlowEdge(edge, _) => {
                reached.contains(edge)
            }
            Strike::Cut(..) => true,
            _ => {
                let service = strike.struck().map(|it| it.service);
                reached.iter().any(|edge| Some(self.edges[*edge].callee) == service)
            }
        }
    }

    fn write_services(&self, text: &mut String, reached: &BTreeSet<usize>) {
        let callees: BTreeSet<usize> = reached.iter().map(|it| self.edges[*it].callee).collect();
        text.push_str("services:\n");
        for index in &callees {
            let service = &self.services[*index];
            if !service.is_database {
                let _ = writeln!(text, "  s{index}: {{ {} }}", self.service(service));
            }
        }
        for index in &callees {
            let service = &self.services[*index];
            if let (true, Step::Work(query)) = (service.is_database, &service.steps[0]) {
                let slots = slots(&service.slots);
                let _ = writeln!(
                    text,
                    "databases:\n  db{index}: {{ connections: {slots}, query: {query}ns }}"
                );
            }
        }
    }

    fn service(&self, service: &Service) -> String {
        let mut text =
            format!("instances: {}, threads: {}", service.instances, slots(&service.slots));
        if let Some(processors) = service.processors {
            let _ = write!(text, ", cpus: {processors}");
        }
        if let Some(pool) = &service.pool {
            let _ = write!(text, ", pools: {{ p: {} }}", slots(pool));
        }
        let regions: Vec<String> = service.regions.iter().map(|it| format!("r{it}")).collect();
        text + &format!(
            ", regions: [ {} ], handle: {}",
            regions.join(", "),
            self.steps(&service.steps)
        )
    }

    fn steps(&self, steps: &[Step]) -> String {
        let steps: Vec<String> = steps.iter().map(|it| self.step(it)).collect();
        format!("[ {} ]", steps.join(", "))
    }

    fn step(&self, step: &Step) -> String {
        match step {
            Step::Work(length) => format!("{{ work: {length}ns }}"),
            Step::Pause(length) => format!("{{ pause: {length}ns }}"),
            Step::Call { edge, on_failure } => {
                let callee = self.edges[*edge].callee;
                let name = self.service_name(callee);
                let (verb, failure) = match (self.services[callee].is_database, on_failure) {
                    (true, _) => ("query", ""),
                    (false, OnFailure::Fail) => ("call", ""),
                    (false, OnFailure::FailLater) => ("call", ", on failure: fail later"),
                    (false, OnFailure::Degrade) => ("call", ", on failure: degrade"),
                    (false, OnFailure::Ignore) => ("call", ", on failure: ignore"),
                };
                format!("{{ {verb}: {name}{failure} }}")
            }
            Step::Parallel(branches) => {
                let branches: Vec<String> = branches.iter().map(|it| self.steps(it)).collect();
                format!("{{ parallel: [ {} ] }}", branches.join(", "))
            }
            Step::Repeat(rounds, steps) => {
                format!("{{ repeat: {rounds}, steps: {} }}", self.steps(steps))
            }
            Step::Hold(steps) => format!("{{ hold: p, steps: {} }}", self.steps(steps)),
        }
    }

    fn line(&self, edge: &Edge) -> String {
        let mut parts = vec![format!("latency: {}ns", edge.latency)];
        let guards = edge.guards.iter().enumerate();
        let is_attempt = |index: usize| edge.is_listed || index + 1 == edge.guards.len();
        let words = guards.map(|(index, guard)| guard_words(guard, is_attempt(index)));
        let cancels = edge.cancels_losers;
        let hedge = edge.hedge.map(|(delay, most)| {
            format!("hedge: {{ delay: {delay}ns, max: {most}, cancel losers: {cancels} }}")
        });
        let words = words.chain(hedge);
        if edge.is_listed {
            let listed: Vec<String> = words.map(|it| format!("{{ {it} }}")).collect();
            parts.push(format!("guards: [ {} ]", listed.join(", ")));
        } else {
            parts.extend(words);
        }
        if !edge.fallbacks.is_empty() {
            let words: Vec<String> = edge.fallbacks.iter().map(|it| self.fallback(*it)).collect();
            parts.push(format!("fallback: [ {} ]", words.join(", ")));
        }
        for (name, is_set) in [
            ("cancellation", edge.cancels),
            ("propagate deadline", edge.passes_deadline),
            ("new instance per attempt", edge.chooses_anew),
        ] {
            parts.extend(is_set.then(|| format!("{name}: true")));
        }
        if !self.services[edge.callee].is_database {
            parts.push("balance: round robin".into());
        }
        format!("  {}: {{ {} }}", self.name(edge), parts.join(", "))
    }

    fn fallback(&self, fallback: Fallback) -> String {
        match fallback {
            Fallback::Default => "default".into(),
            Fallback::Cached { latency, max_age } => {
                let age = max_age.map_or(String::new(), |age| format!(", max age: {age}ns"));
                format!("{{ cached: {{ hit rate: 100%, latency: {latency}ns{age} }} }}")
            }
            Fallback::Call(edge) => {
                format!("{{ call: {} }}", self.service_name(self.edges[edge].callee))
            }
        }
    }

    fn fault_line(&self, Fault { at, lasts, strike }: &Fault) -> String {
        let edge = |edge: &usize| self.name(&self.edges[*edge]);
        let words = match strike {
            Strike::BlackHole(it) => format!("black hole: {}", edge(it)),
            Strike::Cut(from, to) => format!("black hole: r{from} -> r{to}"),
            Strike::RefuseEdge(it) => format!("refuse: {}", edge(it)),
            Strike::SlowEdge(it, slow) => format!("slow: {}, {}", edge(it), slow_words(*slow)),
            Strike::Crash(_) => "crash".into(),
            Strike::Pause(_) => "pause".into(),
            Strike::Refuse(_) => "refuse".into(),
            Strike::Errors(..) => "errors".into(),
            Strike::Slow(..) => "slow".into(),
        };
        let Some(struck) = strike.struck() else {
            return format!("  - {{ at: {at}ns, for: {lasts}ns, {words} }}\n");
        };
        let numbers: Vec<String> = struck.instances.iter().map(|it| (it + 1).to_string()).collect();
        let more = match strike {
            Strike::Errors(_, outcome) => format!(", rate: 100%, as: {outcome}"),
            Strike::Slow(_, slow) => format!(", {}", slow_words(*slow)),
            _ => String::new(),
        };
        format!(
            "  - {{ at: {at}ns, for: {lasts}ns, {words}: {}, instances: [ {} ]{more} }}\n",
            self.service_name(struck.service),
            numbers.join(", ")
        )
    }
}

/// The edges that a step calls over.
pub fn called(step: &Step) -> Vec<usize> {
    match step {
        Step::Work(_) | Step::Pause(_) => Vec::new(),
        Step::Call { edge, .. } => vec![*edge],
        Step::Parallel(branches) => branches.iter().flatten().flat_map(called).collect(),
        Step::Repeat(_, steps) | Step::Hold(steps) => steps.iter().flat_map(called).collect(),
    }
}

fn slots(slots: &Slots) -> String {
    format!("{{ max: {}{} }}", slots.max, limits(slots))
}

fn limits(slots: &Slots) -> String {
    let queue = slots.queue.map_or(String::new(), |queue| format!(", queue: {queue}"));
    let wait = slots.max_wait.map_or(String::new(), |wait| format!(", max wait: {wait}ns"));
    queue + &wait
}

fn slow_words(slow: Slow) -> String {
    match slow {
        Slow::By(factor) => format!("by: {factor}x"),
        Slow::Adding(time) => format!("adding: {time}ns"),
        Slow::To(time) => format!("to: {time}ns"),
    }
}

/// A guard; in the usual order the last timeout is that of each attempt, in a list all are the same.
fn guard_words(guard: &Guard, is_attempt: bool) -> String {
    match guard {
        Guard::RateLimit(RateLimit { span, calls, is_sliding }) => {
            let kind = if *is_sliding { "sliding log" } else { "fixed window" };
            format!("rate limit: {{ {kind}: {span}ns, calls: {calls} }}")
        }
        Guard::Timeout(limit) if is_attempt => format!("timeout: {limit}ns"),
        Guard::Timeout(limit) => format!("call timeout: {limit}ns"),
        Guard::Bulkhead(bulkhead) => format!("bulkhead: {{ {} }}", bulkhead_words(bulkhead)),
        Guard::Breaker(breaker) => format!("breaker: {{ {} }}", breaker_words(breaker)),
        Guard::Retry(retry) => {
            let backoff = match retry.backoff {
                Backoff::Fixed(wait) => format!("fixed {wait}ns"),
                Backoff::Exponential { first, most } => {
                    format!("exponential {first}ns x2 max {most}ns")
                }
                Backoff::Fibonacci { first, most } => format!("fibonacci {first}ns max {most}ns"),
            };
            format!("retry: {{ attempts: {}, backoff: {backoff} }}", retry.attempts)
        }
    }
}

fn bulkhead_words(bulkhead: &Bulkhead) -> String {
    match bulkhead {
        Bulkhead::Semaphore { max, max_wait } => {
            let wait = max_wait.map_or(String::new(), |wait| format!(", max wait: {wait}ns"));
            format!("semaphore: {max}{wait}")
        }
        Bulkhead::Connections(slots) => format!("connections: {}{}", slots.max, limits(slots)),
        Bulkhead::Threads { core, slots, is_interruptible } => format!(
            "threads: {}, core: {core}{}, interruptible: {is_interruptible}",
            slots.max,
            limits(slots)
        ),
    }
}

fn breaker_words(breaker: &Breaker) -> String {
    let window = match breaker.window {
        Window::Calls(number) => format!("{number} calls"),
        Window::Seconds(span) => format!("{span}s"),
        Window::Buckets { span, number } => format!("{span}ns in {number} buckets"),
        Window::Every(span) => format!("every {span}ns"),
    };
    let wait = breaker.wait;
    let wait = match breaker.doubles_up_to {
        Some(most) => format!("exponential {wait}ns x2 max {most}ns"),
        None => format!("{wait}ns"),
    };
    let scope = match breaker.scope {
        Scope::CallerInstance => "caller instance",
        Scope::CalleeInstance => "callee instance",
        Scope::Shared => "shared",
    };
    let mut words = format!(
        "scope: {scope}, window: {window}, minimum calls: {}, wait: {wait}, half-open calls: {}",
        breaker.minimum, breaker.half_open_calls
    );
    let numbers = [
        ("failure rate", breaker.failure_rate, "%"),
        ("slow call rate", breaker.slow_rate, "%"),
        ("slow call", breaker.slow_call, "ns"),
        ("failures", breaker.failures, ""),
        ("consecutive failures", breaker.consecutive, ""),
        ("success threshold", breaker.success_threshold, ""),
        ("half-open max stay", breaker.max_stay, "ns"),
    ];
    for (name, number, unit) in numbers {
        if let Some(number) = number {
            let _ = write!(words, ", {name}: {number}{unit}");
        }
    }
    let choices = [
        (breaker.is_from_last_failure, "wait from: last failure"),
        (breaker.is_by_timer, "half-opens by: timer"),
        (breaker.is_concurrent, "half-open permits: concurrent"),
        (breaker.drops_late, "late results: dropped"),
    ];
    for (_, choice) in choices.iter().filter(|(is_made, _)| *is_made) {
        let _ = write!(words, ", {choice}");
    }
    words
}
