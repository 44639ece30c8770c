//! The summary and the timeline as text for a terminal.

use std::fmt::Write;

use comfy_table::{CellAlignment, Table, presets};
use sim_experiments::Finished;
use sim_models::observe::{
    BreakerSummary, CallSummary, EffectSummary, Latency, PoolSummary, PutOff, QueueSummary,
    RunSummary, Span, WorkloadSummary, condensed,
};

use crate::Palette;
use crate::narrate::listing;
use crate::palette::Tone;
use crate::units::{clock, count, duration, percent, significant};

/// More lines than this are told in numbers only.
const MOST_LINES: usize = 200;

/// The summary and the timeline of a run.
pub fn report(finished: &Finished, palette: Palette) -> String {
    let summary = &finished.summary;
    let mut text = String::new();
    heading(&mut text, palette, summary);
    section(&mut text, palette, "Workloads", &workloads(&summary.workloads));
    section(&mut text, palette, "Latency of the answers", &latencies(&summary.workloads));
    section(&mut text, palette, "Pools", &pools(&summary.pools));
    section(&mut text, palette, "Calls", &calls(&summary.calls));
    if !summary.breakers.is_empty() {
        section(&mut text, palette, "Breakers", &breakers(&summary.breakers));
    }
    if !summary.queues.is_empty() {
        section(&mut text, palette, "Messages", &messages(&summary.queues));
    }
    if !summary.effects.is_empty() {
        section(&mut text, palette, "Effects", &effects(&summary.effects));
    }
    section(&mut text, palette, "Timeline", &timeline(finished, palette));
    let _ = writeln!(
        text,
        "{}",
        palette.paint(
            Tone::Faint,
            &format!("seed {}, fingerprint {}", summary.seed, summary.fingerprint)
        )
    );
    text
}

fn heading(text: &mut String, palette: Palette, summary: &RunSummary) {
    let _ = write!(text, "{}", palette.paint(Tone::Heading, &summary.scenario));
    let _ = write!(
        text,
        ": {} simulated, {} events",
        duration(summary.simulated_seconds),
        count(summary.events)
    );
    if summary.warmup_seconds > 0.0 {
        let _ = write!(text, ", the first {} not counted", duration(summary.warmup_seconds));
    }
    text.push('\n');
    if let Some(stopped) = &summary.partial {
        let _ = writeln!(
            text,
            "{}",
            palette.paint(Tone::Worse, &format!("PARTIAL: {}", stopped.reason))
        );
    }
    if let Some(called_off) = &summary.called_off {
        let told = format!("CALLED OFF at {}: {}", clock(called_off.at), called_off.condition);
        let _ = writeln!(text, "{}", palette.paint(Tone::Worse, &told));
    }
}

pub(crate) fn section(text: &mut String, palette: Palette, title: &str, body: &str) {
    let _ = writeln!(text, "\n{}", palette.paint(Tone::Heading, title));
    for line in body.lines() {
        let _ = writeln!(text, "  {}", line.trim_end());
    }
    if title == "Timeline" {
        text.push('\n');
    }
}

/// A table without lines; the first column is left-aligned, the others right-aligned but for
/// `left`.
pub(crate) fn table(
    header: &[&str],
    left: &[usize],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(header.to_vec());
    for row in rows {
        table.add_row(row);
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        let is_left = index == 0 || left.contains(&index);
        column.set_cell_alignment(if is_left { CellAlignment::Left } else { CellAlignment::Right });
        column.set_padding((0, 2));
    }
    table.to_string()
}

fn workloads(workloads: &[WorkloadSummary]) -> String {
    let rows = workloads.iter().map(|workload| {
        vec![
            workload.name.clone(),
            count(workload.offered),
            count(workload.ok),
            count(workload.degraded),
            count(workload.failed.values().sum()),
            count(workload.in_flight),
            percent(workload.availability),
            format!("{}/s", significant(workload.goodput)),
            kinds(&workload.failed),
        ]
    });
    let header = [
        "",
        "offered",
        "ok",
        "degraded",
        "failed",
        "in flight",
        "availability",
        "goodput",
        "failures by kind",
    ];
    table(&header, &[8], rows)
}

fn kinds<'a>(kinds: impl IntoIterator<Item = (&'a &'static str, &'a u64)>) -> String {
    kinds
        .into_iter()
        .map(|(kind, number)| format!("{kind} {}", count(*number)))
        .collect::<Vec<_>>()
        .join(", ")
}

fn latency_columns(latency: &Latency) -> Vec<String> {
    [latency.p50, latency.p90, latency.p99, latency.p999, latency.max].map(duration).to_vec()
}

fn latencies(workloads: &[WorkloadSummary]) -> String {
    let mut rows = Vec::new();
    for workload in workloads {
        let mean = match workload.mean_latency_half_width {
            Some(half_width) => {
                format!("{} ± {}", duration(workload.latency.mean), duration(half_width))
            }
            None => duration(workload.latency.mean),
        };
        rows.push([vec![workload.name.clone(), mean], latency_columns(&workload.latency)].concat());
        if !workload.failed.is_empty() {
            let mean = duration(workload.latency_with_failures.mean);
            rows.push(
                [
                    vec![format!("{}, failures included", workload.name), mean],
                    latency_columns(&workload.latency_with_failures),
                ]
                .concat(),
            );
        }
    }
    table(&["", "mean (95 %)", "p50", "p90", "p99", "p99.9", "max"], &[], rows)
}

fn pools(pools: &[PoolSummary]) -> String {
    let rows = pools.iter().map(|pool| {
        vec![
            pool.owner.clone(),
            pool.kind.to_owned(),
            pool.capacity
                .map_or_else(|| "no limit".to_owned(), |capacity| count(u64::from(capacity))),
            significant(pool.busy_mean),
            pool.utilization.map_or_else(String::new, percent),
            significant(pool.queue_mean),
            count(pool.queue_max),
            count(pool.rejected + pool.expired),
            spans(&pool.saturated),
        ]
    });
    table(
        &["", "", "slots", "busy", "utilization", "queue", "longest", "turned away", "saturated"],
        &[1, 8],
        rows,
    )
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

/// What became of the calls that were put off until later.
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

fn calls(calls: &[CallSummary]) -> String {
    let rows = calls.iter().map(|call| {
        let amplification =
            if call.calls == 0 { 0.0 } else { call.attempts as f64 / call.calls as f64 };
        vec![
            call.edge.clone(),
            count(call.calls),
            significant(amplification),
            duration(call.latency.mean),
            duration(call.latency.p50),
            duration(call.latency.p99),
            kinds(&call.ended) + &call.put_off.as_ref().map_or_else(String::new, put_off),
        ]
    });
    table(&["", "calls", "attempts each", "mean", "p50", "p99", "ended"], &[6], rows)
}

fn breakers(breakers: &[BreakerSummary]) -> String {
    let rows = breakers.iter().map(|breaker| {
        let time = breaker.seconds_in;
        vec![
            breaker.edge.clone(),
            count(breaker.transitions),
            count(breaker.opened),
            duration(time.closed),
            duration(time.open),
            duration(time.half_open),
            count(breaker.rejected),
        ]
    });
    table(&["", "transitions", "opened", "time closed", "open", "half-open", "rejected"], &[], rows)
}

fn messages(queues: &[QueueSummary]) -> String {
    let rows = queues.iter().map(|queue| {
        vec![
            queue.name.clone(),
            count(queue.sent),
            count(queue.refused),
            count(queue.delivered),
            count(queue.failed_deliveries),
            count(queue.dead),
            count(queue.expired),
            count(queue.waiting + queue.in_flight),
            count(queue.most_waiting),
            duration(queue.oldest),
            duration(queue.latency.p50),
            duration(queue.latency.p99),
        ]
    });
    let header = [
        "",
        "sent",
        "refused",
        "delivered",
        "failed deliveries",
        "dead",
        "expired",
        "left",
        "most waiting",
        "oldest",
        "p50",
        "p99",
    ];
    table(&header, &[], rows)
}

fn effects(effects: &[EffectSummary]) -> String {
    let rows = effects
        .iter()
        .map(|effect| vec![effect.name.clone(), count(effect.count), count(effect.duplicates)]);
    table(&["", "done", "done again"], &[], rows)
}

/// One line for each thing that changed; of very many, the first.
pub fn timeline(finished: &Finished, palette: Palette) -> String {
    let moments = condensed(&finished.timeline, finished.system.blueprint());
    let mut text = listing(&moments[..moments.len().min(MOST_LINES)], palette);
    if moments.len() > MOST_LINES {
        let _ = writeln!(
            text,
            "… and {} more; all of them are in timeline.csv (--out DIR)",
            moments.len() - MOST_LINES
        );
    }
    text
}
