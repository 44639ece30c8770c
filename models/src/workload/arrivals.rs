//! Arrival times of the requests of an open workload.

use sim_core::SimTime;
use sim_core::random::{Stream, standard_exponential};

use super::RateProfile;

/// The relation between arrivals and their rate.
#[derive(Clone, Debug, PartialEq)]
pub enum ArrivalProcess {
    /// Evenly spaced.
    Constant(RateProfile),
    /// A Poisson process, inhomogeneous if the rate changes.
    Poisson(RateProfile),
    /// At recorded instants, in order.
    Replay(Vec<SimTime>),
}

/// Generates arrival times by inverting the integral of the rate (Çinlar's time change), so that
/// the n-th arrival of two variants of a workload uses the same random number whatever their rates
/// are.
///
/// ```
/// use sim_core::{SimTime, random::Streams};
/// use sim_models::workload::{ArrivalProcess, Arrivals, RateProfile};
/// let process = ArrivalProcess::Constant(RateProfile::constant(2.0));
/// let mut arrivals = Arrivals::new(process, Streams::new(7, 0).stream("web/arrivals"));
/// assert_eq!(arrivals.next(), Some(SimTime::from_nanos(500_000_000)));
/// ```
#[derive(Clone, Debug)]
pub struct Arrivals {
    process: ArrivalProcess,
    stream: Stream,
    at: f64,
    /// Index of the profile's segment, or of the next recorded arrival.
    position: usize,
}

impl Arrivals {
    /// Creates the arrivals of `process`, starting at its beginning.
    pub fn new(process: ArrivalProcess, stream: Stream) -> Self {
        Self { process, stream, at: 0.0, position: 0 }
    }

    /// Returns the next arrival, or `None` if there are no more.
    #[allow(
        clippy::should_implement_trait,
        reason = "the kernel asks for one arrival at a time; an iterator would invite collecting them"
    )]
    pub fn next(&mut self) -> Option<SimTime> {
        let (profile, amount) = match &self.process {
            ArrivalProcess::Replay(times) => {
                self.position += 1;
                return times.get(self.position - 1).copied();
            }
            ArrivalProcess::Constant(profile) => (profile, 1.0),
            ArrivalProcess::Poisson(profile) => (profile, standard_exponential(&mut self.stream)),
        };
        let (at, segment) = profile.advance(self.at, self.position, amount)?;
        (self.at, self.position) = (at, segment);
        Some(SimTime::from_nanos((at * 1e9) as u64))
    }
}

#[cfg(test)]
mod tests {
    use sim_core::random::Streams;
    use sim_core::stats::Welford;

    use super::*;
    use crate::workload::Knot;

    #[test]
    fn poisson_counts_have_equal_mean_and_variance_also_on_a_ramp() {
        let ramp =
            RateProfile::new(vec![Knot { at: 0.0, rate: 0.0 }, Knot { at: 10.0, rate: 40.0 }]);
        let mut counts = Welford::default();
        for replication in 0..2_000 {
            let stream = Streams::new(3, replication).stream("arrivals");
            let mut arrivals = Arrivals::new(ArrivalProcess::Poisson(ramp.clone()), stream);
            let count = std::iter::from_fn(|| arrivals.next())
                .take_while(|at| *at < SimTime::from_secs(10))
                .count();
            counts.add(count as f64);
        }
        assert!((counts.mean() - 200.0).abs() < 1.5, "{}", counts.mean());
        assert!((counts.variance() / 200.0 - 1.0).abs() < 0.15, "{}", counts.variance());
    }
}
