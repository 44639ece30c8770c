//! Figures of a link, warm-up included.

use super::FigureUnit::{Count, Share};
use super::Known::AnyStretch;
use super::seen::{Seen, sum};
use super::{Figure, FigureSubject, Measure, Reads, Row};
use crate::observe::LinkRecord;
use crate::system::{Id, of};

/// A link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkSubject(pub Id<of::Link>);

impl FigureSubject for LinkSubject {
    const DESCRIPTION: &'static str = "a link";
    const EXAMPLES: &'static [&'static str] = &["link wan"];

    const ROWS: &'static [Row<Self>] = &[
        Row {
            reads: Reads::One("utilization", |link| {
                let intervals = link.intervals_after_warmup()?;
                let all = intervals.len() as f64;
                let shares = &link.record().utilization[intervals];
                Some(shares.iter().map(|share| f64::from(*share)).sum::<f64>() / all)
            }),
            unit: Share,
            known: AnyStretch,
            means: "time in which it sends, in the busier direction",
        },
        Row {
            reads: Reads::One("queue", |link| {
                let waiting = &link.record().waiting[link.intervals()?];
                waiting.iter().max().map(|most| f64::from(*most))
            }),
            unit: Count,
            known: AnyStretch,
            means: "messages waiting, the most at one time, in the direction where more do",
        },
        Row {
            reads: Reads::One("sent", |link| {
                Some(sum(&link.record().sent, &link.intervals()?) as f64)
            }),
            unit: Count,
            known: AnyStretch,
            means: "messages that were to go over it in both directions, lost ones included",
        },
        Row {
            reads: Reads::One("lost", |link| {
                Some(sum(&link.record().lost, &link.intervals()?) as f64)
            }),
            unit: Count,
            known: AnyStretch,
            means: "messages lost in both directions: on the way, or because the queue was full",
        },
    ];

    fn measure(self, figure: Figure<Self>) -> Measure {
        Measure::Link(self, figure)
    }
}

impl Seen<'_, LinkSubject> {
    fn record(&self) -> &LinkRecord {
        &self.recorder.links()[self.subject.0]
    }
}
