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
    /// The number of evenly spaced arrivals since `at`; a fraction if the segment before ended
    /// between two.
    since: f64,
    /// For a Poisson process, the instant from which the next arrival is counted, and the integral of
    /// the rate until then.
    drawn: (f64, f64),
    /// Index of the profile's segment, or of the next recorded arrival.
    position: usize,
}

impl Arrivals {
    /// Creates the arrivals of `process`, starting at its beginning.
    pub fn new(process: ArrivalProcess, stream: Stream) -> Self {
        Self { process, stream, at: 0.0, since: 0.0, drawn: (0.0, 0.0), position: 0 }
    }

    /// Goes on with another process, which lies on the same axis of time. Returns the next arrival
    /// in place of the one returned last: what was still owed of its share of the integral at `now`
    /// comes at the new rate.
    pub fn change(&mut self, now: SimTime, process: ArrivalProcess) -> Option<SimTime> {
        let seconds = now.as_nanos() as f64 / 1e9;
        let owed = self.owed_at(seconds);
        self.process = process;
        (self.at, self.position, self.since) = (seconds, 0, 0.0);
        match &self.process {
            ArrivalProcess::Replay(times) => {
                self.position = times.partition_point(|at| *at <= now);
                self.next()
            }
            ArrivalProcess::Constant(_) => {
                self.since = owed - 1.0;
                self.next()
            }
            ArrivalProcess::Poisson(profile) => {
                self.drawn = (seconds, owed);
                (self.at, self.position) = profile.advance(seconds, 0, owed)?;
                Some(SimTime::from_nanos((self.at * 1e9) as u64))
            }
        }
    }

    /// The part of the integral of the rate that is missing at an instant until the next arrival.
    fn owed_at(&self, seconds: f64) -> f64 {
        match &self.process {
            ArrivalProcess::Replay(_) => 1.0,
            ArrivalProcess::Constant(profile) => {
                (self.since - profile.integral(self.at, seconds)).clamp(0.0, 1.0)
            }
            ArrivalProcess::Poisson(profile) => {
                let (from, amount) = self.drawn;
                (amount - profile.integral(from, seconds)).max(0.0)
            }
        }
    }

    /// Returns the next arrival, or `None` if there are no more.
    #[allow(
        clippy::should_implement_trait,
        reason = "the kernel asks for one arrival at a time; an iterator would invite collecting them"
    )]
    pub fn next(&mut self) -> Option<SimTime> {
        match &self.process {
            ArrivalProcess::Replay(times) => {
                self.position += 1;
                times.get(self.position - 1).copied()
            }
            ArrivalProcess::Constant(profile) => {
                // Counted from the beginning of the segment, so that no rounding adds up: the n-th
                // arrival of a constant rate is at round(n / rate).
                self.since += 1.0;
                let nanos = profile.reach(&mut self.at, &mut self.position, &mut self.since)?;
                Some(SimTime::from_nanos(libm::round(nanos) as u64))
            }
            ArrivalProcess::Poisson(profile) => {
                let amount = standard_exponential(&mut self.stream);
                self.drawn = (self.at, amount);
                (self.at, self.position) = profile.advance(self.at, self.position, amount)?;
                Some(SimTime::from_nanos((self.at * 1e9) as u64))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use sim_core::random::Streams;
    use sim_core::stats::Welford;

    use super::*;
    use crate::workload::Knot;

    fn constant(profile: RateProfile) -> Arrivals {
        Arrivals::new(ArrivalProcess::Constant(profile), Streams::new(3, 0).stream("arrivals"))
    }

    #[test]
    fn the_nth_arrival_of_a_constant_rate_is_exact_however_late_it_comes() {
        for (rate, every) in [(10.0, 100_000_000), (3.0, 0), (250.0, 4_000_000), (7.0, 0)] {
            let mut arrivals = constant(RateProfile::constant(rate));
            for number in 1..=1_000_000_u64 {
                let exact = (u128::from(number) * 2_000_000_000 / rate as u128).div_ceil(2);
                let at = arrivals.next().expect("a rate for ever").as_nanos();
                assert_eq!(u128::from(at), exact, "number {number} at {rate}/s");
                assert!(every == 0 || at == number * every);
            }
        }
    }

    #[test]
    fn steps_of_a_constant_rate_keep_what_is_owed() {
        let knot = |at, rate| Knot { at, rate };
        let profile = RateProfile::new(vec![knot(0.0, 2.0), knot(1.75, 2.0), knot(1.75, 1.0)]);
        let mut arrivals = constant(profile);
        let millis: Vec<u64> =
            (0..5).filter_map(|_| arrivals.next()).map(|at| at.as_nanos() / 1_000_000).collect();
        assert_eq!(millis, [500, 1_000, 1_500, 2_250, 3_250], "half of one is owed at 1.75 s");
    }

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
