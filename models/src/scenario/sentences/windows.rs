//! Stretches of a run.

use std::ops::Range;

use sim_core::SimTime;

use super::resolver::{Place, Reported, Resolver};
use crate::expect::TimeWindow;
use crate::expect::sentence::{When, WrittenWindow};
use crate::faults::FaultSection;
use crate::language::Placed;
use crate::observe::has_interval_between;
use crate::system::RunPlan;

impl Resolver<'_, '_> {
    pub fn optional_window(
        &mut self,
        window: Option<&WrittenWindow>,
        place: &Place<'_>,
    ) -> Result<Option<TimeWindow>, Reported> {
        match window {
            None => Ok(None),
            Some(window) => self.window(window, place).map(Some).ok_or(Reported),
        }
    }

    pub fn window(&mut self, written: &WrittenWindow, place: &Place<'_>) -> Option<TimeWindow> {
        let run = self.plan.blueprint.run;
        let end = SimTime::ZERO + run.duration + run.drain;
        let at = &written.at;
        let whole = |resolver: &mut Self, fault| {
            Some(
                resolver
                    .fault_instants(fault, at, place)
                    .ok()?
                    .unwrap_or_else(|| resolver.all_faults()),
            )
        };
        let (from, to) = match written.when {
            When::BeforeFault(fault) => (SimTime::ZERO + run.warmup, whole(self, fault)?.0),
            When::DuringFault(fault) => {
                let (begin, over) = whole(self, fault)?;
                (begin, over.min(SimTime::ZERO + run.duration))
            }
            When::AfterFault(fault) => {
                let span = whole(self, fault)?;
                (self.end_of(span, at, place)?, SimTime::ZERO + run.duration)
            }
            When::WithinOfFault(span, fault) => {
                let begin = whole(self, fault)?.0;
                (begin, begin + span)
            }
            When::WithinAfterFault(span, fault) => {
                let faults = whole(self, fault)?;
                let over = self.end_of(faults, at, place)?;
                (over, over + span)
            }
            When::Between(from, to) => (SimTime::ZERO + from, SimTime::ZERO + to),
            When::Before(to) => (SimTime::ZERO, SimTime::ZERO + to),
            When::After(from) => (SimTime::ZERO + from, SimTime::ZERO + run.duration),
        };
        if from >= to || from >= end {
            let (message, help) = reason_for_nothing(written.when, (from, to), run);
            self.problem_in(place, at, message, help);
            return None;
        }
        Some(TimeWindow { from, to: to.min(end) })
    }

    /// A window over which a figure is read: at least one interval of the series lies within it.
    pub fn window_of_figure(
        &mut self,
        written: Option<&WrittenWindow>,
        place: &Place<'_>,
    ) -> Result<Option<TimeWindow>, Reported> {
        let window = self.optional_window(written, place)?;
        let length = self.plan.blueprint.run.duration + self.plan.blueprint.run.drain;
        if let (Some(window), Some(written)) = (window, written)
            && let Err(width) = has_interval_between(length, window.from, window.to)
        {
            let (from, to) = (window.from.since(SimTime::ZERO), window.to.since(SimTime::ZERO));
            let message = format!(
                "no whole interval of {width} lies in this stretch of time, from {from} to {to}"
            );
            let help =
                format!("figures are read from the intervals; name a longer one than {width}");
            self.problem_in(place, &written.at, message, help);
            return Err(Reported);
        }
        Ok(window)
    }

    fn end_of(
        &mut self,
        (_, over): (SimTime, SimTime),
        at: &Range<usize>,
        place: &Place<'_>,
    ) -> Option<SimTime> {
        if over == SimTime::MAX {
            self.problem_in(place, at, "this fault never ends", "give it a length: `for: 1m`");
            return None;
        }
        Some(over)
    }

    /// The times at which a fault begins and ends, if a number says which.
    pub fn fault_instants(
        &mut self,
        fault: Option<usize>,
        at: &Range<usize>,
        place: &Place<'_>,
    ) -> Result<Option<(SimTime, SimTime)>, Reported> {
        let count = self.names.file.faults.len();
        if count == 0 {
            self.problem_in(
                place,
                at,
                "there is no fault",
                "write one under `faults:`, or name a time such as `after 1m`",
            );
        }
        let waits = |fault: &Placed<FaultSection>| fault.when.is_some();
        let faults = &self.names.file.faults;
        let is_unknown = match fault {
            Some(number) => faults.get(number).is_some_and(waits),
            None => count > 0 && faults.iter().all(waits),
        };
        if is_unknown {
            self.problem_in(
                place,
                at,
                "nobody knows before the run when this fault begins",
                "name a time such as `after 1m`",
            );
            return Err(Reported);
        }
        let Some(number) = fault.filter(|_| count > 0) else {
            return if count > 0 { Ok(None) } else { Err(Reported) };
        };
        let Some(fault) = self.names.file.faults.get(number) else {
            let faults =
                if count == 1 { "one fault".to_owned() } else { format!("{count} faults") };
            self.problem_in(
                place,
                at,
                format!("there is no fault {}", number.wrapping_add(1)),
                format!("there is {faults}, counted from 1"),
            );
            return Err(Reported);
        };
        Ok(Some(fault.span(self.names, self.plan)))
    }

    /// From the beginning of the first fault to the end of the last.
    fn all_faults(&self) -> (SimTime, SimTime) {
        let timed = || self.names.file.faults.iter().filter(|fault| fault.when.is_none());
        let spans = || timed().map(|fault| fault.span(self.names, self.plan));
        let begin = spans().map(|(begin, _)| begin).min().unwrap_or(SimTime::ZERO);
        (begin, spans().map(|(_, end)| end).max().unwrap_or(SimTime::MAX))
    }
}

/// The reason why there is nothing in a stretch of time, and advice.
fn reason_for_nothing(
    when: When,
    (from, to): (SimTime, SimTime),
    run: RunPlan,
) -> (String, String) {
    let shown = |at: SimTime| at.since(SimTime::ZERO);
    let (arrivals, end) = (run.duration, run.duration + run.drain);
    let run_ends = format!("the run ends at {end}");
    let which = |fault: Option<usize>, of_all: &str| match fault {
        Some(number) => format!("fault {}", number + 1),
        None => of_all.to_owned(),
    };
    match when {
        When::BeforeFault(fault) if to <= from => {
            let fault = which(fault, "the first fault");
            let message = if run.warmup.is_zero() {
                format!("{fault} begins with the run, so nothing is before it")
            } else {
                format!(
                    "{fault} begins at {}, inside the warm-up of {}, so nothing that counts is before it",
                    shown(to),
                    run.warmup
                )
            };
            let help = "let it begin after the warm-up, or name another fault or a time, such as `from 10s to 20s`";
            (message, help.to_owned())
        }
        When::DuringFault(fault) if from == to => {
            let fault = which(fault, "the fault");
            let help = "write `within 10s of fault`, or name a time";
            (format!("{fault} is over in the instant in which it begins"), help.to_owned())
        }
        When::DuringFault(fault) => {
            let fault = which(fault, "the fault");
            let message =
                format!("{fault} begins at {}, when nothing arrives any more", shown(from));
            (message, format!("requests arrive until {arrivals}"))
        }
        When::AfterFault(fault) | When::WithinAfterFault(_, fault)
            if from >= SimTime::ZERO + arrivals =>
        {
            let fault = which(fault, "the last fault");
            let message = format!("{fault} ends at {}, when nothing arrives any more", shown(from));
            (message, format!("requests arrive until {arrivals}; {run_ends}"))
        }
        When::WithinOfFault(span, _) | When::WithinAfterFault(span, _) if span.is_zero() => {
            ("a stretch of no length is empty".to_owned(), "write `within 10s`".to_owned())
        }
        When::Between(..) if from >= to => {
            let message = format!("this stretch of time ends at {}, before it begins", shown(to));
            (message, "write the earlier time first".to_owned())
        }
        When::Before(_) if from >= to => {
            ("nothing is before the beginning of the run".to_owned(), run_ends)
        }
        _ if from >= SimTime::ZERO + end => ("the run is over before that".to_owned(), run_ends),
        _ => {
            let message = format!("nothing arrives any more from {} on", shown(from));
            (message, format!("requests arrive until {arrivals}; {run_ends}"))
        }
    }
}
