//! Figures that are read off a run when it is over.

use super::resolver::{Place, Resolver};
use crate::expect::grammar::read_reading;
use crate::expect::sentence::WrittenReading;
use crate::expect::{Reading, Throughout, Wanted};

impl Resolver<'_, '_> {
    /// A figure that is read off a run when it is over.
    pub fn reading(&mut self, place: &Place<'_>) -> Option<Reading> {
        let text = place.text;
        let wanted = match read_reading(text) {
            Err(unreadable) => {
                self.unreadable(&unreadable, place);
                return None;
            }
            Ok(WrittenReading::Cost) => Wanted::Cost,
            Ok(WrittenReading::Figure { figure, window }) => {
                let measure = self.measure(&figure, place)?;
                let window = self.window_of_figure(window.as_ref(), place).ok()?;
                self.check_known_then(&measure, &figure, window.is_some(), place)?;
                self.keep_latencies(&measure, Throughout::Window, window);
                Wanted::Figure { measure, window }
            }
            Ok(WrittenReading::Recovery { figure, share, window }) => {
                let (measure, normal, window) = self.coming_back(&figure, &window, place)?;
                Wanted::Recovery { measure, share, normal, window }
            }
        };
        Some(Reading { text: text.to_owned(), wanted, bound: None, share: 1.0 })
    }
}
