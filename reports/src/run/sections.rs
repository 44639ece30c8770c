//! The tables of a run's summary, one for each section.

use sim_models::observe::{
    BeganAt, BreakerSummary, CallSummary, EffectSummary, FigureUnit, Latency, LinkSummary,
    LoadSummary, Phase, PhaseSummary, PoolSummary, PutOff, QueueSummary, RunSummary, Span,
    WorkloadSummary,
};

use crate::tables::{Cell, Counted, Table, counts, folded, left, right};
use crate::units::{UNKNOWN, duration};

/// The title and the table of each section; the last ones only if there is anything to say.
pub(super) fn all(summary: &RunSummary) -> Vec<(&'static str, Table)> {
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
fn began(workloads: &[WorkloadSummary]) -> Table {
    /// More calls than this of one workload are only counted.
    const SHOWN: usize = 8;
    let row = |workload: &str, at: &str, outcome: &str, numbers: [u64; 2]| {
        let texts = [workload, at, outcome].map(Cell::text);
        texts.into_iter().chain(numbers.map(Cell::count)).collect::<Vec<_>>()
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
    let titles = ["", "at", "outcome there", "failed", "degraded"];
    Table::new(&titles, &[1, 2], folded(&rows.collect::<Vec<_>>()))
}

fn workloads(workloads: &[WorkloadSummary]) -> Table {
    let columns = [
        left("", |workload: &WorkloadSummary| Cell::text(&workload.name)),
        right("offered", |workload| Cell::count(workload.offered)),
        right("ok", |workload| Cell::count(workload.ok)),
        right("degraded", |workload| Cell::count(workload.degraded)),
        right("failed", |workload| Cell::count(workload.failed.values().sum())),
        right("in flight", |workload| Cell::count(workload.in_flight)),
        right("availability", |workload| Cell::share(workload.availability)),
        right("goodput", |workload| Cell::rate(workload.goodput)),
        left("failures by kind", |workload| Cell::Counts(counts("", &workload.failed).collect())),
    ];
    Table::of(workloads, &columns)
}

/// A row for the answers of each workload, and one with the failures if there are any.
fn latencies(workloads: &[WorkloadSummary]) -> Table {
    let rows = workloads.iter().flat_map(|workload| {
        let mean =
            Cell::time(workload.latency.mean).estimate(workload.mean_latency_half_width, None);
        let answers = latency_row(&workload.name, mean, &workload.latency);
        let all = (!workload.failed.is_empty()).then(|| {
            let latency = &workload.latency_with_failures;
            let name = format!("{}, failures included", workload.name);
            latency_row(&name, Cell::time(latency.mean), latency)
        });
        std::iter::once(answers).chain(all)
    });
    let is_known = |workload: &WorkloadSummary| workload.mean_latency_half_width.is_some();
    let mean = if workloads.iter().any(is_known) { "mean (95 %)" } else { "mean" };
    Table::new(
        &["", mean, "p50", "p90", "p99", "p99.9", "max"],
        &[],
        folded(&rows.collect::<Vec<_>>()),
    )
}

fn latency_row(name: &str, mean: Cell, latency: &Latency) -> Vec<Cell> {
    let usual = [latency.p50, latency.p90, latency.p99].map(Cell::time);
    let rare = [latency.p999, latency.max].map(|it| Cell::time(it).extreme());
    [Cell::text(name), mean].into_iter().chain(usual).chain(rare).collect()
}

/// A row for each figure of a workload: as a whole, and in each phase.
fn phases(workloads: &[WorkloadSummary]) -> Table {
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
    // All figures of a workload are one row when it comes to sharing one.
    let figures = workloads.iter().map(|workload| {
        let of_reading = |(title, unit, whole, part): Reading| {
            let of = move |name: &str| {
                let phase = workload.phases.iter().find(|phase| phase.phase == name);
                let cell = Cell::in_unit(phase.map_or(f64::NAN, part), unit);
                // Few requests decide it in a part of the run.
                if title == "p99" { cell.extreme() } else { cell }
            };
            std::iter::once(Cell::in_unit(whole(workload), unit)).chain(names.map(of))
        };
        let name = std::iter::once(Cell::text(&workload.name));
        name.chain(READINGS.into_iter().flat_map(of_reading)).collect()
    });
    let rows = folded(&figures.collect::<Vec<_>>()).into_iter().flat_map(|texts| {
        let (name, figures) = texts.split_first().map_or(("", &[][..]), |(name, it)| (name, it));
        let of_reading = |(place, (figures, reading)): (usize, (&[String], Reading))| {
            let name = if place == 0 { name } else { "" };
            [[name, reading.0].map(str::to_owned).as_slice(), figures].concat()
        };
        let figures = figures.chunks(names.len() + 1).zip(READINGS).enumerate();
        figures.map(of_reading).collect::<Vec<_>>()
    });
    let lengths = [[""; 3].map(str::to_owned).as_slice(), &lengths].concat();
    let titles = ["", "", "whole", "before", "during", "after"];
    Table::new(&titles, &[1], std::iter::once(lengths).chain(rows))
}

fn pools(pools: &[PoolSummary]) -> Table {
    let columns = [
        left("", |pool: &PoolSummary| Cell::text(&pool.owner)),
        left("", |pool| Cell::text(pool.kind)),
        right("slots", |pool| {
            let slots = |capacity| Cell::count(u64::from(capacity));
            pool.capacity.map_or_else(|| Cell::text("no limit"), slots)
        }),
        right("busy", |pool| Cell::number(pool.busy_mean)),
        right("utilization", |pool| pool.utilization.map_or_else(|| Cell::text(""), Cell::share)),
        right("queue", |pool| Cell::number(pool.queue_mean)),
        right("longest", |pool| Cell::count(pool.queue_max)),
        right("turned away", |pool| Cell::count(pool.rejected + pool.expired)),
        left("saturated", |pool| Cell::Spans(pool.saturated.clone())),
    ];
    Table::of(pools, &columns)
}

fn calls(calls: &[CallSummary]) -> Table {
    let columns = [
        left("", |call: &CallSummary| Cell::text(&call.edge)),
        right("calls", |call| Cell::count(call.calls)),
        right("attempts each", |call| {
            // Without calls, 0 / 0 is not a number.
            Cell::number(call.attempts as f64 / call.calls as f64)
        }),
        right("mean", |call| Cell::time(call.latency.mean)),
        right("p50", |call| Cell::time(call.latency.p50)),
        right("p99", |call| Cell::time(call.latency.p99)),
        left("ended", |call| {
            let others = [("caller died", call.abandoned), ("in flight", call.in_flight)];
            let others = others.into_iter().filter(|(_, number)| *number > 0);
            let others = others.map(|(kind, number)| Counted { of: "", kind, number });
            let ended = counts("", &call.ended)
                .chain(others)
                .chain(counts("fallbacks for", &call.fell_back));
            Cell::Counts(ended.chain(call.put_off.iter().flat_map(put_off)).collect())
        }),
    ];
    Table::of(calls, &columns)
}

/// The demand for the slots of pools that were full, against what they can do.
fn loads(loads: &[LoadSummary]) -> Table {
    let columns = [
        left("", |load: &LoadSummary| Cell::text(&load.owner)),
        left("", |load| Cell::text(&full_pools(load))),
        left("at its worst", |load| Cell::Spans(vec![Span { from: load.from, to: Some(load.to) }])),
        right("asked", |load| Cell::rate(load.asked)),
        right("possible", |load| Cell::rate(load.possible)),
        right("asked / possible", |load| Cell::number(load.overload())),
    ];
    Table::of(loads, &columns)
}

/// `threads on 2.4 of 8`.
fn full_pools(load: &LoadSummary) -> String {
    let LoadSummary { kind, full, pools, .. } = load;
    if *pools > 1 { format!("{kind} on {} of {pools}", tenths(*full)) } else { kind.to_string() }
}

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// True if a call was made more than once, or worked on for nobody.
fn is_amplified(call: &CallSummary) -> bool {
    call.retries + call.for_nobody > 0
}

fn amplified(calls: &[CallSummary]) -> Table {
    let calls: Vec<&CallSummary> = calls.iter().filter(|call| is_amplified(call)).collect();
    let columns = [
        left("", |call: &&CallSummary| Cell::text(&call.edge)),
        right("attempts", |call| Cell::count(call.attempts)),
        right("retries", |call| Cell::count(call.retries)),
        right("share", |call| Cell::share(call.retries as f64 / call.attempts as f64)),
        right("for callers who had gone", |call| Cell::count(call.for_nobody)),
        right("of the callee's work", |call| Cell::share(call.share_of_work.unwrap_or(f64::NAN))),
    ];
    Table::of(&calls, &columns)
}

/// The fate of calls that were put off until later.
fn put_off(put_off: &PutOff) -> impl Iterator<Item = Counted> + use<> {
    let PutOff { calls, made_up, refused, waiting } = *put_off;
    let kinds = [("", calls), ("made up for", made_up), ("waiting", waiting)];
    let refused = (refused > 0).then_some(("found no room", refused));
    let counted = |(kind, number)| Counted { of: "put off", kind, number };
    kinds.into_iter().chain(refused).map(counted)
}

fn breakers(breakers: &[BreakerSummary]) -> Table {
    let columns = [
        left("", |breaker: &BreakerSummary| Cell::text(&breaker.edge)),
        right("transitions", |breaker| Cell::count(breaker.transitions)),
        right("opened", |breaker| Cell::count(breaker.opened)),
        right("time closed", |breaker| Cell::time(breaker.seconds_in.closed)),
        right("open", |breaker| Cell::time(breaker.seconds_in.open)),
        right("half-open", |breaker| Cell::time(breaker.seconds_in.half_open)),
        right("rejected", |breaker| Cell::count(breaker.rejected)),
    ];
    Table::of(breakers, &columns)
}

fn messages(queues: &[QueueSummary]) -> Table {
    let mut columns = vec![
        left("", |queue: &QueueSummary| Cell::text(&queue.name)),
        right("sent", |queue| Cell::count(queue.sent)),
        right("refused", |queue| Cell::count(queue.refused)),
        right("delivered", |queue| Cell::count(queue.delivered)),
        right("failed deliveries", |queue| Cell::count(queue.failed_deliveries)),
        right("dead", |queue| Cell::count(queue.dead)),
        right("expired", |queue| Cell::count(queue.expired)),
        right("left", |queue| Cell::count(queue.waiting + queue.in_flight)),
        right("most waiting", |queue| Cell::count(queue.most_waiting)),
        right("oldest", |queue| Cell::time(queue.oldest).extreme()),
        right("p50", |queue| Cell::time(queue.latency.p50)),
        right("p99", |queue| Cell::time(queue.latency.p99)),
    ];
    if queues.iter().any(|queue| queue.purged > 0) {
        columns.insert(7, right("purged", |queue| Cell::count(queue.purged)));
    }
    Table::of(queues, &columns)
}

fn links(links: &[LinkSummary]) -> Table {
    let columns = [
        left("", |link: &LinkSummary| Cell::Text(format!("{}: {}", link.name, link.direction))),
        right("sent", |link| Cell::count(link.sent)),
        right("lost", |link| Cell::count(link.lost)),
        right("queue full", |link| Cell::count(link.dropped)),
        right("most waiting", |link| Cell::count(u64::from(link.most_waiting))),
        right("busy", |link| Cell::time(link.busy)),
    ];
    Table::of(links, &columns)
}

fn effects(effects: &[EffectSummary]) -> Table {
    let columns = [
        left("", |effect: &EffectSummary| Cell::text(&effect.name)),
        right("done", |effect| Cell::count(effect.count)),
        right("done again", |effect| Cell::count(effect.duplicates)),
    ];
    Table::of(effects, &columns)
}
