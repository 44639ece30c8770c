//! The tables of a run's summary, one for each section.

use sim_models::observe::{
    BeganAt, BreakerSummary, CallSummary, EffectSummary, FigureUnit, Latency, LinkSummary,
    LoadSummary, Phase, PhaseSummary, PoolSummary, PutOff, QueueSummary, RunSummary, Span,
    WorkloadSummary,
};

use crate::layout::{left, right, table, table_of};
use crate::units::{
    UNKNOWN, clock, count, duration, figure, percent, rate, significant, with_error,
};

/// The title and the body of each section; the last ones only if there is anything to say.
pub(super) fn all(summary: &RunSummary) -> Vec<(&'static str, String)> {
    let mut sections = vec![
        ("Workloads", workloads(&summary.workloads)),
        ("Latency of the answers", latencies(&summary.workloads)),
    ];
    if summary.workloads.iter().any(|workload| !workload.began.is_empty()) {
        sections.push(("Where failures began", began(&summary.workloads)));
    }
    if summary.workloads.iter().any(|workload| !workload.phases.is_empty()) {
        sections.push(("Before, during and after the faults", phases(&summary.workloads)));
    }
    sections.push(("Pools", pools(&summary.pools)));
    if !summary.load.is_empty() {
        sections.push(("Load while pools were full", loads(&summary.load)));
    }
    sections.push(("Calls, with the latency that callers saw", calls(&summary.calls)));
    if summary.calls.iter().any(is_amplified) {
        sections.push(("Retries, and work for callers who had gone", amplified(&summary.calls)));
    }
    if !summary.breakers.is_empty() {
        sections.push(("Breakers", breakers(&summary.breakers)));
    }
    if !summary.queues.is_empty() {
        sections.push(("Messages", messages(&summary.queues)));
    }
    if !summary.links.is_empty() {
        sections.push(("Links", links(&summary.links)));
    }
    if !summary.effects.is_empty() {
        sections.push(("Effects", effects(&summary.effects)));
    }
    sections
}

/// The calls at which requests began to fail that failed in the end or were answered by a fallback.
fn began(workloads: &[WorkloadSummary]) -> String {
    /// More calls than this of one workload are only counted.
    const SHOWN: usize = 8;
    let row = |workload: &str, at: &str, outcome: &str, [failed, degraded]: [u64; 2]| {
        let texts = [workload, at, outcome].map(str::to_owned);
        texts.into_iter().chain([failed, degraded].map(count)).collect::<Vec<_>>()
    };
    let rows = workloads.iter().flat_map(|workload| {
        let (shown, others) = workload.began.split_at(workload.began.len().min(SHOWN));
        let shown = shown.iter().map(|began| {
            row(&workload.name, &began.edge, began.kind, [began.failed, began.degraded])
        });
        let sum = |figure: fn(&BeganAt) -> u64| others.iter().map(figure).sum::<u64>();
        let more = (!others.is_empty()).then(|| {
            let of = format!("{} others", others.len());
            row(&workload.name, &of, "", [sum(|began| began.failed), sum(|began| began.degraded)])
        });
        shown.chain(more).collect::<Vec<_>>()
    });
    table(&["", "at", "outcome there", "failed", "degraded"], &[1, 2], rows)
}

fn workloads(workloads: &[WorkloadSummary]) -> String {
    let columns = [
        left("", |workload: &WorkloadSummary| workload.name.clone()),
        right("offered", |workload| count(workload.offered)),
        right("ok", |workload| count(workload.ok)),
        right("degraded", |workload| count(workload.degraded)),
        right("failed", |workload| count(workload.failed.values().sum())),
        right("in flight", |workload| count(workload.in_flight)),
        right("availability", |workload| percent(workload.availability)),
        right("goodput", |workload| figure(workload.goodput, FigureUnit::Rate)),
        left("failures by kind", |workload| by_kind(&workload.failed)),
    ];
    table_of(workloads, &columns)
}

/// Each kind with its number: `timeout 12, refused 3`.
fn by_kind<'a>(kinds: impl IntoIterator<Item = (&'a &'static str, &'a u64)>) -> String {
    let kinds = kinds.into_iter().map(|(kind, number)| format!("{kind} {}", count(*number)));
    kinds.collect::<Vec<_>>().join(", ")
}

/// A row for the answers of each workload, and one with the failures if there are any.
fn latencies(workloads: &[WorkloadSummary]) -> String {
    let rows = workloads.iter().flat_map(|workload| {
        let mean = with_error(workload.latency.mean, workload.mean_latency_half_width, duration);
        let answers = latency_row(workload.name.clone(), mean, &workload.latency);
        let all = (!workload.failed.is_empty()).then(|| {
            let latency = &workload.latency_with_failures;
            let name = format!("{}, failures included", workload.name);
            latency_row(name, duration(latency.mean), latency)
        });
        std::iter::once(answers).chain(all)
    });
    let is_known = |workload: &WorkloadSummary| workload.mean_latency_half_width.is_some();
    let mean = if workloads.iter().any(is_known) { "mean (95 %)" } else { "mean" };
    table(&["", mean, "p50", "p90", "p99", "p99.9", "max"], &[], rows)
}

fn latency_row(name: String, mean: String, latency: &Latency) -> Vec<String> {
    let percentiles = [latency.p50, latency.p90, latency.p99, latency.p999, latency.max];
    [name, mean].into_iter().chain(percentiles.map(duration)).collect()
}

/// A row for each figure of a workload: as a whole, and in each phase.
fn phases(workloads: &[WorkloadSummary]) -> String {
    type Reading =
        (&'static str, FigureUnit, fn(&WorkloadSummary) -> f64, fn(&PhaseSummary) -> f64);
    const READINGS: [Reading; 4] = [
        ("availability", FigureUnit::Share, |it| it.availability, |it| it.availability),
        ("goodput", FigureUnit::Rate, |it| it.goodput, |it| it.goodput),
        ("p50", FigureUnit::Time, |it| it.latency_with_failures.p50, |it| it.p50),
        ("p99", FigureUnit::Time, |it| it.latency_with_failures.p99, |it| it.p99),
    ];
    let names = Phase::ALL.map(Phase::name);
    let lengths = names.map(|name| {
        let mut all = workloads.iter().flat_map(|workload| &workload.phases);
        let phase = all.find(|phase| phase.phase == name);
        phase.map_or_else(|| UNKNOWN.to_owned(), |phase| duration(phase.seconds))
    });
    let texts = |name: &str, figure: &str, whole: String, parts: [String; 3]| {
        [name.to_owned(), figure.to_owned(), whole].into_iter().chain(parts).collect::<Vec<_>>()
    };
    let rows = workloads.iter().flat_map(|workload| {
        READINGS.into_iter().enumerate().map(move |(place, (title, unit, whole, part))| {
            let of = |name: &str| {
                let phase = workload.phases.iter().find(|phase| phase.phase == name);
                phase.map_or_else(|| UNKNOWN.to_owned(), |phase| figure(part(phase), unit))
            };
            let name = if place == 0 { &*workload.name } else { "" };
            texts(name, title, figure(whole(workload), unit), names.map(of))
        })
    });
    let lengths = texts("", "", String::new(), lengths);
    table(
        &["", "", "whole", "before", "during", "after"],
        &[1],
        std::iter::once(lengths).chain(rows),
    )
}

fn pools(pools: &[PoolSummary]) -> String {
    let columns = [
        left("", |pool: &PoolSummary| pool.owner.clone()),
        left("", |pool| pool.kind.to_owned()),
        right("slots", |pool| {
            pool.capacity
                .map_or_else(|| "no limit".to_owned(), |capacity| count(u64::from(capacity)))
        }),
        right("busy", |pool| significant(pool.busy_mean)),
        right("utilization", |pool| pool.utilization.map_or_else(String::new, percent)),
        right("queue", |pool| significant(pool.queue_mean)),
        right("longest", |pool| count(pool.queue_max)),
        right("turned away", |pool| count(pool.rejected + pool.expired)),
        left("saturated", |pool| spans(&pool.saturated)),
    ];
    table_of(pools, &columns)
}

/// The first spans in full, the others by number.
fn spans(spans: &[Span]) -> String {
    const SHOWN: usize = 2;
    let shown = spans.iter().take(SHOWN).map(|span| {
        format!("{}–{}", clock(span.from), span.to.map_or_else(|| "end".to_owned(), clock))
    });
    let more = spans.len().saturating_sub(SHOWN);
    let more = (more > 0).then(|| format!("and {more} more"));
    shown.chain(more).collect::<Vec<_>>().join(", ")
}

fn calls(calls: &[CallSummary]) -> String {
    let columns = [
        left("", |call: &CallSummary| call.edge.clone()),
        right("calls", |call| count(call.calls)),
        right("attempts each", |call| {
            // Without calls, 0 / 0 is not a number.
            significant(call.attempts as f64 / call.calls as f64)
        }),
        right("mean", |call| duration(call.latency.mean)),
        right("p50", |call| duration(call.latency.p50)),
        right("p99", |call| duration(call.latency.p99)),
        left("ended", |call| {
            by_kind(&call.ended)
                + &fell_back(call)
                + &call.put_off.as_ref().map_or_else(String::new, put_off)
        }),
    ];
    table_of(calls, &columns)
}

/// The failures that fallbacks stand in for, by kind.
fn fell_back(call: &CallSummary) -> String {
    if call.fell_back.is_empty() {
        return String::new();
    }
    format!("; fallbacks for {}", by_kind(&call.fell_back))
}

/// The demand for the slots of pools that were full, against what they can do.
fn loads(loads: &[LoadSummary]) -> String {
    let columns = [
        left("", |load: &LoadSummary| load.owner.clone()),
        left("", |load| load.kind.to_owned()),
        left("at its worst", |load| format!("{}–{}", clock(load.from), clock(load.to))),
        right("asked", |load| rate(load.asked)),
        right("possible", |load| rate(load.possible)),
        right("asked / possible", |load| significant(load.overload())),
    ];
    table_of(loads, &columns)
}

/// True if a call was made more than once, or worked on for nobody.
fn is_amplified(call: &CallSummary) -> bool {
    call.retries + call.for_nobody > 0
}

fn amplified(calls: &[CallSummary]) -> String {
    let calls: Vec<&CallSummary> = calls.iter().filter(|call| is_amplified(call)).collect();
    let share = |part: u64, all: u64| percent(part as f64 / all as f64);
    let row = |call: &CallSummary| {
        vec![
            call.edge.clone(),
            count(call.attempts),
            count(call.retries),
            share(call.retries, call.attempts),
            count(call.for_nobody),
            call.share_of_work.map_or_else(|| UNKNOWN.to_owned(), percent),
        ]
    };
    let gone = "for callers who had gone";
    let header = ["", "attempts", "retries", "share", gone, "of the callee's work"];
    table(&header, &[], calls.into_iter().map(row))
}

/// The fate of calls that were put off until later.
fn put_off(put_off: &PutOff) -> String {
    let PutOff { calls, made_up, refused, waiting } = *put_off;
    let refused =
        if refused == 0 { String::new() } else { format!(", {} found no room", count(refused)) };
    format!(
        "; put off {}, made up for {}, {} waiting{refused}",
        count(calls),
        count(made_up),
        count(waiting)
    )
}

fn breakers(breakers: &[BreakerSummary]) -> String {
    let columns = [
        left("", |breaker: &BreakerSummary| breaker.edge.clone()),
        right("transitions", |breaker| count(breaker.transitions)),
        right("opened", |breaker| count(breaker.opened)),
        right("time closed", |breaker| duration(breaker.seconds_in.closed)),
        right("open", |breaker| duration(breaker.seconds_in.open)),
        right("half-open", |breaker| duration(breaker.seconds_in.half_open)),
        right("rejected", |breaker| count(breaker.rejected)),
    ];
    table_of(breakers, &columns)
}

fn messages(queues: &[QueueSummary]) -> String {
    let mut columns = vec![
        left("", |queue: &QueueSummary| queue.name.clone()),
        right("sent", |queue| count(queue.sent)),
        right("refused", |queue| count(queue.refused)),
        right("delivered", |queue| count(queue.delivered)),
        right("failed deliveries", |queue| count(queue.failed_deliveries)),
        right("dead", |queue| count(queue.dead)),
        right("expired", |queue| count(queue.expired)),
        right("left", |queue| count(queue.waiting + queue.in_flight)),
        right("most waiting", |queue| count(queue.most_waiting)),
        right("oldest", |queue| duration(queue.oldest)),
        right("p50", |queue| duration(queue.latency.p50)),
        right("p99", |queue| duration(queue.latency.p99)),
    ];
    if queues.iter().any(|queue| queue.purged > 0) {
        columns.insert(7, right("purged", |queue| count(queue.purged)));
    }
    table_of(queues, &columns)
}

fn links(links: &[LinkSummary]) -> String {
    let columns = [
        left("", |link: &LinkSummary| format!("{}: {}", link.name, link.direction)),
        right("sent", |link| count(link.sent)),
        right("lost", |link| count(link.lost)),
        right("queue full", |link| count(link.dropped)),
        right("most waiting", |link| count(u64::from(link.most_waiting))),
        right("busy", |link| duration(link.busy)),
    ];
    table_of(links, &columns)
}

fn effects(effects: &[EffectSummary]) -> String {
    let columns = [
        left("", |effect: &EffectSummary| effect.name.clone()),
        right("done", |effect| count(effect.count)),
        right("done again", |effect| count(effect.duplicates)),
    ];
    table_of(effects, &columns)
}
