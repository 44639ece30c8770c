//! Figures of an effect: something that handlers do to the world for a request.

use super::FigureUnit::Count;
use super::Known::WholeRun;
use super::seen::Seen;
use super::{Figure, FigureSubject, Measure, Reads, Row};
use crate::observe::EffectRecord;
use crate::system::{Id, of};

/// An effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EffectSubject(pub Id<of::Effect>);

impl FigureSubject for EffectSubject {
    const DESCRIPTION: &'static str = "an effect";
    const EXAMPLES: &'static [&'static str] = &["charge"];

    const ROWS: &'static [Row<Self>] = &[
        Row {
            reads: Reads::One("calls", |effect| Some(effect.record().count as f64)),
            unit: Count,
            known: WholeRun,
            means: "times it was done",
        },
        Row {
            reads: Reads::One("duplicates", |effect| Some(effect.record().duplicates as f64)),
            unit: Count,
            known: WholeRun,
            means: "times it was done for a request for which it had been done before",
        },
    ];

    fn measure(self, figure: Figure<Self>) -> Measure {
        Measure::Effect(self, figure)
    }
}

impl Seen<'_, EffectSubject> {
    fn record(&self) -> &EffectRecord {
        &self.recorder.effects()[self.subject.0]
    }
}
