//! Calls that retries multiply.

use sim_core::SimDuration;
use sim_models::observe::Portion;

use super::Line;
use crate::units::{duration, rate};

pub(super) fn retries_amplify(edge: &str, calls: Portion) -> Line {
    let text = if calls.part > 0 {
        let (factor, attempts) = (calls.share().recip(), calls.rate());
        let (attempts, calls) = (rate(attempts), rate(attempts / factor));
        format!("amplify the load {factor:.2}x: {attempts} attempts for {calls} calls")
    } else {
        format!("{} attempts, for calls of before", rate(calls.rate()))
    };
    Line::worse("retries", edge, text)
}

pub(super) fn retries_abate(edge: &str, after: SimDuration) -> Line {
    let after = duration(after.as_secs_f64());
    Line::better("retries", edge, format!("hardly any more, after {after}"))
}
