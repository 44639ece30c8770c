//! The availability of workloads.

use sim_core::SimDuration;
use sim_models::observe::Shortage;

use super::Line;
use crate::palette::Tone;
use crate::units::{duration, percent, rate};

pub(super) fn availability_falls(workload: &str, level: f64, to: Option<f64>) -> Line {
    let text = format!("below {}: {}", percent(level), below(level, to));
    Line::worse("availability", workload, text)
}

/// A share that is below a level, with as many digits as it takes to show that.
fn below(level: f64, share: Option<f64>) -> String {
    let Some(share) = share else { return "nothing is answered".to_owned() };
    let short = percent(share);
    if short != percent(level) {
        return short;
    }
    let written = |share: f64, digits: usize| format!("{:.digits$}%", share * 100.0);
    let digits = (2..9).find(|digits| written(share, *digits) != written(level, *digits));
    digits.map_or(short, |digits| written(share, digits))
}

pub(super) fn availability_regained(workload: &str, level: f64, after: SimDuration) -> Line {
    let after = duration(after.as_secs_f64());
    let text = format!("{} or more again after {after}", percent(level));
    Line::better("availability", workload, text)
}

pub(super) fn asks_no_more(workload: &str, level: f64, after: SimDuration) -> Line {
    let after = duration(after.as_secs_f64());
    let text = format!("nobody asks any more, after {after} below {}", percent(level));
    Line::new(Tone::Probing, "availability", workload, text)
}

pub(super) fn still_suffers(
    workload: &str,
    level: f64,
    availability: Option<f64>,
    after: SimDuration,
    short: Option<&Shortage>,
) -> Line {
    let availability = below(level, availability);
    let level = percent(level);
    let short = short.map_or_else(String::new, |Shortage { owner, asked, possible, retries }| {
        let retries =
            if *retries > 0.0 { format!(", {} retries", percent(*retries)) } else { String::new() };
        format!("; {owner}: {} asked, {} possible{retries}", rate(*asked), rate(*possible))
    });
    let text = format!("still below {level} {after} after the fault: {availability}{short}");
    Line::worse("availability", workload, text)
}

pub(super) fn outage_begins(workload: &str) -> Line {
    Line::worse("outage", workload, "complete outage: nothing is answered")
}

pub(super) fn outage_ends(workload: &str, after: SimDuration) -> Line {
    let after = duration(after.as_secs_f64());
    Line::better("outage", workload, format!("first answers after {after} of complete outage"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_below_a_level_does_not_read_like_the_level() {
        assert_eq!(below(0.99, Some(0.5)), "50.0%");
        assert_eq!(below(0.99, Some(0.989_6)), "98.96%");
        assert_eq!(below(0.99, Some(0.989_999)), "98.9999%");
        assert_eq!(below(0.99, None), "nothing is answered");
    }
}
