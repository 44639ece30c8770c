//! Claims about a run.

use super::resolver::{Place, Resolver};
use crate::expect::sentence::{Sentence, When, WrittenFigure, WrittenWindow};
use crate::expect::{Claim, Occurrence, Throughout, TimeWindow};
use crate::observe::{FigureUnit, Measure};

impl Resolver<'_, '_> {
    pub fn claim(&mut self, sentence: &Sentence, place: &Place<'_>) -> Option<Claim> {
        match sentence {
            Sentence::NothingLost => Some(Claim::NothingLost),
            Sentence::Heals(healing) => {
                let message = "one run does not show up to which load a system heals";
                let help = "write it under `goals: limits:`, or ask `fusebox stability`";
                self.problem_in(place, &healing.at, message, help);
                None
            }
            Sentence::InOrder(events) => {
                let events: Vec<Option<Occurrence>> =
                    events.iter().map(|event| self.occurrence(event, place)).collect();
                events.into_iter().collect::<Option<_>>().map(Claim::InOrder)
            }
            Sentence::Happens { event, times, window } => {
                let event = self.occurrence(event, place);
                let window = self.optional_window(window.as_ref(), place).ok()?;
                Some(Claim::Happens { event: event?, times: *times, window })
            }
            Sentence::Figure { figure, throughout, bound, window } => {
                let measure = self.measure(figure, place);
                let window = self.window_of_figure(window.as_ref(), place).ok()?;
                let measure = measure?;
                let bound = self.bound(&measure, bound, place)?;
                let (throughout, is_each) = (*throughout, *throughout == Throughout::EachInterval);
                self.check_known_then(&measure, figure, is_each || window.is_some(), place)?;
                if is_each && !measure.is_known_of_each_interval() {
                    let message = format!("`{}` is not kept for each interval", figure.figure);
                    self.problem_in(
                        place,
                        &figure.at,
                        message,
                        "write `is` in place of `stays`, or ask for p50 or p99",
                    );
                    return None;
                }
                self.keep_latencies(&measure, throughout, window);
                Some(Claim::Figure { measure, throughout, bound, window })
            }
            Sentence::Back { figure, share, window } => {
                let (measure, normal, window) = self.coming_back(figure, window, place)?;
                Some(Claim::Back { measure, share: *share, normal, window })
            }
        }
    }

    /// A figure that comes back within a window to what it was before the faults.
    pub fn coming_back(
        &mut self,
        figure: &WrittenFigure,
        written: &WrittenWindow,
        place: &Place<'_>,
    ) -> Option<(Measure, TimeWindow, TimeWindow)> {
        let measure = self.measure(figure, place)?;
        if !measure.is_known_of_each_interval() || measure.unit() == FigureUnit::Time {
            let help = "ask for availability, goodput, load or error rate";
            self.problem_in(
                place,
                &figure.at,
                format!("`{}` is not kept for each interval", figure.figure),
                help,
            );
            return None;
        }
        let window = self.window(written, place)?;
        let normal = self.window(
            &WrittenWindow { when: When::BeforeFault(None), at: written.at.clone() },
            place,
        )?;
        Some((measure, normal, window))
    }

    pub fn check_known_then(
        &mut self,
        measure: &Measure,
        figure: &WrittenFigure,
        is_partial: bool,
        place: &Place<'_>,
    ) -> Option<()> {
        if is_partial && measure.is_of_whole_runs_only() {
            let message = format!("`{}` is known of the whole run only", figure.figure);
            self.problem_in(
                place,
                &figure.at,
                message,
                "leave the window out and write `is`, or ask for another figure",
            );
            return None;
        }
        Some(())
    }
}
