//! The line for each kind of change.

use sim_core::SimTime;
use sim_models::observe::{Change, Counted, Moment, NotKept};

use super::{
    Line, alerts, breakers, calls, faults, instances, limits, links, operators, pools, queues,
    workloads,
};
use crate::palette::Tone;
use crate::units::{clock, count, number_of};

/// A moment as a line without its time.
pub(crate) fn line(moment: &Moment) -> Line {
    line_of(&moment.change)
}

fn line_of(change: &Change) -> Line {
    match change {
        Change::FaultBegins { target, effect, lasts } => faults::begins(target, effect, *lasts),
        Change::FaultGrows { target, effect, so_far } => {
            faults::grows(target, effect, so_far.as_deref())
        }
        Change::FaultEnds { target, effect } => faults::ends(target, effect),
        Change::Aborted { condition, value, unit } => faults::aborted(condition, *value, *unit),
        Change::Saturates { pool } | Change::SaturationSpreads { pool } => pools::saturates(pool),
        Change::Relieved { pool, after, longest_queue } => {
            pools::relieved(pool, *after, *longest_queue)
        }
        Change::QueueGrows { pool, per_second, until } => {
            pools::queue_grows(pool, *per_second, *until)
        }
        Change::Overflows { pool, limit, of } => pools::overflows(pool, *limit, *of),
        Change::OverflowEnds { pool } => pools::overflow_ends(pool),
        Change::TurnsAway { by, of } => limits::begins(by, *of),
        Change::TurnsNothingAway { by, after, calls } => limits::ends(by, *after, *calls),
        Change::RetriesAmplify { edge, calls } => calls::retries_amplify(edge, *calls),
        Change::RetriesAbate { edge, after } => calls::retries_abate(edge, *after),
        Change::LinkSaturates { link, direction } => links::saturates(link, direction),
        Change::LinkRelieved { link, direction, after, longest_queue, lost } => {
            links::relieved(link, direction, *after, *longest_queue, *lost)
        }
        Change::Breaker { breaker, transition } => breakers::changes(breaker, transition),
        Change::Breakers { edge, state, of } => breakers::most_change(edge, *state, *of),
        Change::Instance { edge, instance, change } => instances::changes(edge, instance, change),
        Change::Scaled { service, from, to } => instances::scaled(service, *from, *to),
        Change::OutOfMemory { instance, restart } => instances::out_of_memory(instance, *restart),
        Change::Process { instance, change } => instances::process(instance, change),
        Change::Forgot { instance, what } => instances::forgot(instance, what),
        Change::Operated { what, waits_for } => operators::did(what, waits_for.as_deref()),
        Change::HeldUp { what, by, is_over } => operators::held_up(what, by, *is_over),
        Change::AlertFires { alert, severity } => alerts::fires(alert, severity),
        Change::AlertResolved { alert } => alerts::resolved(alert),
        Change::Backlog { queue, waiting, oldest } => queues::backlog(queue, *waiting, *oldest),
        Change::Drained { queue, to, after, most, oldest } => {
            queues::drained(queue, *to, *after, *most, *oldest)
        }
        Change::AvailabilityFalls { workload, level, to } => {
            workloads::availability_falls(workload, *level, *to)
        }
        Change::AvailabilityRegained { workload, level, after } => {
            workloads::availability_regained(workload, *level, *after)
        }
        Change::AsksNoMore { workload, level, after } => {
            workloads::asks_no_more(workload, *level, *after)
        }
        Change::StillSuffers { workload, level, availability, after, short } => {
            workloads::still_suffers(workload, *level, *availability, *after, short.as_ref())
        }
        Change::Flaps { change, times, until, goes_on } => {
            let line = match &**change {
                Change::Saturates { pool } => pools::saturates_at_most(pool),
                change => line_of(change),
            };
            flaps(line, *times, *until, *goes_on)
        }
        Change::NotTold { of, not_kept } => not_told(of, *not_kept),
        Change::OutageBegins { workload } => workloads::outage_begins(workload),
        Change::OutageEnds { workload, after } => workloads::outage_ends(workload, *after),
    }
}

/// The line of a change that comes again and again, and maybe even after those that were kept.
fn flaps(first: Line, times: usize, until: SimTime, goes_on: bool) -> Line {
    let (times, until) = (count(times as u64), clock(until.as_secs_f64()));
    let (at_least, or_later) = if goes_on { ("at least ", " or later") } else { ("", "") };
    Line {
        text: format!("{}; {at_least}{times} times until {until}{or_later}", first.text),
        ..first
    }
}

/// The line of changes that are only counted.
fn not_told(of: &Counted, not_kept: NotKept) -> Line {
    let of = match of {
        Counted::Breaker(breaker) => breaker,
        Counted::Balancers => "balancers",
        Counted::Instances => "instances",
    };
    let (changes, until) =
        (number_of(not_kept.changes, "change"), clock(not_kept.until.as_secs_f64()));
    let text = format!("{changes} more until {until}, too many to tell");
    Line::new(Tone::Probing, "and", of, text)
}

/// A moment in one line with its time.
pub(crate) fn told(moment: &Moment) -> String {
    let at = clock(moment.at.as_secs_f64());
    let line = line(moment);
    format!("{at}  {} {} {}  {}", line.kind, line.mark(), line.subject, line.text)
}
