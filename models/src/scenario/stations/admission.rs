//! Requests that a station turns away, and the order in which it serves its queue.

use crate::language::quantity::RetryAfter;
use crate::language::{Name, Placed, Problems, one_of, section};
use crate::resilience::adaptive_concurrency::{AimdSection, Gradient2Section, VegasSection};
use crate::resilience::admission::{
    AdmissionSettings, CodelSection, ConcurrencyLimit, RedSection, UtilizationSection, compile_red,
};
use crate::resources::Discipline;
use crate::scenario::names::Names;

section! {
    /// Rules for turning requests away from an instance, and the order in which it serves its
    /// queue.
    pub(crate) struct AdmissionSection {
        .. => order: Placed<Order>,
        /// Drops requests that have waited too long for too long.
        "codel" => codel: Option<CodelSection>,
        /// Drops arrivals early, by chance, when the queue is long on average.
        "red" => red: Option<Placed<RedSection>>,
        /// Turns arrivals away when too many slots are in use.
        "utilization" => utilization: Option<UtilizationSection>,
        /// Limits requests in flight by how long they take.
        "concurrency" => concurrency: Option<Concurrency>,
        /// The time that callers who are turned away should stay away; not at all if left out.
        "retry after" => retry_after: Option<Placed<RetryAfter>>,
    }
}

one_of! {
    /// The order in which a queue is served.
    pub(crate) enum Order("queue") by "order" or "fifo" {
        /// First come, first served.
        "fifo" => Fifo(Unordered),
        /// Last come, first served.
        "lifo" => Lifo(Unordered),
        /// First come, first served, until too many wait; then last come, first served.
        "adaptive lifo" => AdaptiveLifo(AdaptiveLifo),
        /// By class; a lower one is served only when no higher one waits.
        "strict" => Strict(Unordered),
        /// By class, in proportion to `weights`.
        "weighted" => Weighted(PrioritySection),
        /// By class, the highest first, with slots kept for each.
        "reserved" => Reserved(Reserved),
    }
}

section! {
    /// An order without settings.
    pub(crate) struct Unordered {}
}

section! {
    /// First come, first served, until too many wait; then last come, first served.
    pub(crate) struct AdaptiveLifo {
        /// The number of waiting requests above which the newest is served first, such as `50`.
        "above" => above: u32,
    }
}

section! {
    /// By class, in proportion to weights.
    pub(crate) struct PrioritySection {
        /// The weight of each class, the highest class first, such as `[5, 3, 1]`.
        "weights" => weights: Placed<Vec<u32>>,
    }
}

section! {
    /// By class, the highest first, with slots kept for each.
    pub(crate) struct Reserved {
        /// The number of slots kept for each class, the highest class first, such as `[10, 5, 0]`.
        "reserved" => reserved: Placed<Vec<u32>>,
    }
}

one_of! {
    /// A limit that adapts itself, as in Netflix's concurrency-limits and under its names.
    pub(crate) enum Concurrency("limit") by "limit" {
        /// Additive increase, multiplicative decrease.
        "aimd" => Aimd(AimdSection),
        /// The gradient of long against short round trips.
        "gradient2" => Gradient2(Gradient2Section),
        /// The queue that TCP Vegas estimates.
        "vegas" => Vegas(VegasSection),
    }
}

/// The order of a queue and the admission control in front of it; none if nothing is turned away and classes
/// make no difference.
pub(super) fn compile(
    admission: Option<&AdmissionSection>,
    capacity: u32,
    names: &Names<'_>,
    problems: &mut Problems,
) -> (Discipline, Option<AdmissionSettings>) {
    let Some(admission) = admission else { return (Discipline::Fifo, None) };
    let discipline = discipline(&admission.order, capacity, names, problems);
    let concurrency = admission.concurrency.as_ref().map(|limit| match limit {
        Concurrency::Aimd(limit) => ConcurrencyLimit::Aimd(limit.compile(problems)),
        Concurrency::Gradient2(limit) => ConcurrencyLimit::Gradient2(limit.compile(problems)),
        Concurrency::Vegas(limit) => ConcurrencyLimit::Vegas(limit.compile(problems)),
    });
    let nothing = AdmissionSettings {
        retry_after: admission.retry_after.as_ref().map_or(0, |after| after.0),
        ..AdmissionSettings::default()
    };
    let settings = AdmissionSettings {
        concurrency,
        red: admission.red.as_ref().map(|red| compile_red(red, problems)),
        utilization: admission.utilization.as_ref().map(UtilizationSection::compile),
        codel: admission.codel.as_ref().map(CodelSection::compile),
        ..nothing
    };
    let turns_away = settings != nothing;
    let has_classes = discipline.classes() > 1;
    if let Some(retry_after) = admission.retry_after.as_ref()
        && settings.retry_after > 0
        && !turns_away
        && !has_classes
    {
        let help = "add codel, red, utilization or concurrency, or leave `retry after` out";
        problems.error(
            retry_after.key(),
            "`retry after` has no effect: nobody is turned away",
            help,
        );
    }
    (discipline, (turns_away || has_classes).then_some(settings))
}

fn discipline(
    order: &Placed<Order>,
    capacity: u32,
    names: &Names<'_>,
    problems: &mut Problems,
) -> Discipline {
    let classes = names.file.priorities.len();
    let tells_classes_apart =
        matches!(**order, Order::Strict(_) | Order::Weighted(_) | Order::Reserved(_));
    if tells_classes_apart && !(2..=64).contains(&classes) {
        let message = if classes > 64 {
            "there are too many priorities"
        } else {
            "this order needs priorities"
        };
        let help =
            "list two to 64, the highest first, such as `priorities: [critical, normal, batch]`";
        problems.error(order.at(), message, help);
        return Discipline::Fifo;
    }
    match &**order {
        Order::Fifo(_) => Discipline::Fifo,
        Order::Lifo(_) => Discipline::Lifo,
        Order::AdaptiveLifo(lifo) => Discipline::AdaptiveLifo(lifo.above),
        Order::Strict(_) => Discipline::Strict { classes: classes as u8 },
        Order::Weighted(PrioritySection { weights }) => weighted(weights, classes, problems),
        Order::Reserved(Reserved { reserved }) => {
            kept(reserved, capacity, &names.file.priorities, problems)
        }
    }
}

fn weighted(weights: &Placed<Vec<u32>>, classes: usize, problems: &mut Problems) -> Discipline {
    let each = one_for_each_class(weights, classes, "weights: [5, 3, 1]", problems);
    if each.contains(&0) {
        let message = "a class with a weight of zero is never served";
        problems.error(weights.at(), message, "write weights of at least 1");
    }
    Discipline::Weighted(each)
}

fn kept(
    reserved: &Placed<Vec<u32>>,
    capacity: u32,
    classes: &[Name],
    problems: &mut Problems,
) -> Discipline {
    let kept = one_for_each_class(reserved, classes.len(), "reserved: [10, 5, 0]", problems);
    let all = kept.iter().fold(0_u32, |sum, kept| sum.saturating_add(*kept));
    if all > capacity {
        let message = format!("{all} slots are reserved, but there are only {capacity}");
        problems.error(reserved.at(), message, "reserve fewer");
    }
    if let Some(class) = kept.iter().position(|kept| *kept == 0).filter(|_| all == capacity) {
        let message = format!("no slot is left for `{}`", &*classes[class]);
        let help = "reserve fewer for the others, or some for it too";
        problems.error(reserved.at(), message, help);
    }
    Discipline::Reserved(kept)
}

fn one_for_each_class(
    written: &Placed<Vec<u32>>,
    classes: usize,
    example: &str,
    problems: &mut Problems,
) -> Vec<u32> {
    if written.len() != classes {
        let message = format!("there are {classes} priorities, but {} numbers here", written.len());
        let help = format!("write one for each, the highest first, such as `{example}`");
        problems.error(written.at(), message, help);
        return vec![1; classes];
    }
    (**written).clone()
}
