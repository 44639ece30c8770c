//! An arrival rate that changes over time.

/// A point of a piecewise-linear rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Knot {
    /// Seconds since the start of the run.
    pub at: f64,
    /// Arrivals per second.
    pub rate: f64,
}

/// Longest straight piece, in seconds, used to follow the product of two ramps.
const PRODUCT_STEP: f64 = 1.0;

/// A piecewise-linear arrival rate; two knots at the same instant make a step. The rate is constant
/// before the first knot and after the last.
///
/// ```
/// use sim_models::workload::{Knot, RateProfile};
/// let ramp = RateProfile::new(vec![Knot { at: 0.0, rate: 0.0 }, Knot { at: 10.0, rate: 100.0 }]);
/// assert_eq!(ramp.rate_at(5.0), 50.0);
/// assert_eq!(ramp.rate_at(60.0), 100.0);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RateProfile {
    knots: Vec<Knot>,
}

impl RateProfile {
    /// Creates the profile through `knots`, which must not be empty and must be in order of time.
    ///
    /// # Panics
    /// If `knots` is empty.
    pub fn new(knots: Vec<Knot>) -> Self {
        assert!(!knots.is_empty(), "a rate profile needs at least one knot");
        Self { knots }
    }

    /// Returns a profile with the same rate forever.
    pub fn constant(rate: f64) -> Self {
        Self::new(vec![Knot { at: 0.0, rate }])
    }

    /// The knots, in order of time.
    pub fn knots(&self) -> &[Knot] {
        &self.knots
    }

    /// Returns the rate at `seconds`; at a step, the rate after it.
    pub fn rate_at(&self, seconds: f64) -> f64 {
        let after = self.knots.partition_point(|knot| knot.at <= seconds);
        match (after.checked_sub(1).map(|before| self.knots[before]), self.knots.get(after)) {
            (None, Some(first)) => first.rate,
            (Some(last), None) => last.rate,
            (Some(left), Some(right)) => {
                left.rate + (right.rate - left.rate) * (seconds - left.at) / (right.at - left.at)
            }
            (None, None) => 0.0,
        }
    }

    /// Returns the rate just before `seconds`; at a step, the rate before it.
    fn rate_before(&self, seconds: f64) -> f64 {
        let at = self.knots.partition_point(|knot| knot.at < seconds);
        match (at.checked_sub(1).map(|before| self.knots[before]), self.knots.get(at)) {
            (Some(left), Some(right)) => {
                left.rate + (right.rate - left.rate) * (seconds - left.at) / (right.at - left.at)
            }
            (Some(last), None) => last.rate,
            (None, _) => self.knots[0].rate,
        }
    }

    /// Returns the integral of the rate between two instants.
    pub fn integral(&self, from: f64, to: f64) -> f64 {
        let inside = self.knots.iter().map(|knot| knot.at).filter(|at| from < *at && *at < to);
        let mut ends: Vec<f64> = std::iter::once(from).chain(inside).chain([to]).collect();
        ends.dedup();
        let piece = |ends: &[f64]| {
            f64::midpoint(self.rate_at(ends[0]), self.rate_before(ends[1])) * (ends[1] - ends[0])
        };
        ends.windows(2).map(piece).sum()
    }

    /// Returns the same profile shifted later by `seconds`.
    pub fn later(&self, seconds: f64) -> Self {
        Self::new(self.knots.iter().map(|knot| Knot { at: knot.at + seconds, ..*knot }).collect())
    }

    /// Returns the product with another profile, for example a surge that multiplies the load.
    pub fn times(&self, factor: &Self) -> Self {
        let mut instants: Vec<f64> =
            self.knots.iter().chain(&factor.knots).map(|knot| knot.at).collect();
        instants.sort_by(f64::total_cmp);
        instants.dedup();
        let mut knots = Vec::new();
        for (index, &at) in instants.iter().enumerate() {
            let (before, after) = (
                self.rate_before(at) * factor.rate_before(at),
                self.rate_at(at) * factor.rate_at(at),
            );
            if before != after && index > 0 {
                knots.push(Knot { at, rate: before });
            }
            knots.push(Knot { at, rate: after });
            if let Some(&next) = instants.get(index + 1) {
                self.push_product_inside(factor, at, next, &mut knots);
            }
        }
        Self::new(knots)
    }

    fn push_product_inside(&self, factor: &Self, from: f64, to: f64, knots: &mut Vec<Knot>) {
        let both_change = self.rate_at(from) != self.rate_before(to)
            && factor.rate_at(from) != factor.rate_before(to);
        if both_change {
            let pieces = libm::ceil((to - from) / PRODUCT_STEP) as usize;
            knots.extend((1..pieces).map(|piece| {
                let at = from + (to - from) * piece as f64 / pieces as f64;
                Knot { at, rate: self.rate_at(at) * factor.rate_at(at) }
            }));
        }
    }

    /// Returns the time at which the integral of the rate, starting from `from` (within segment
    /// `segment`), reaches `amount`, and the segment to continue from; `None` if it never does.
    ///
    /// A segment is given by the number of knots at or before an instant.
    pub(super) fn advance(
        &self,
        mut from: f64,
        mut segment: usize,
        mut amount: f64,
    ) -> Option<(f64, usize)> {
        loop {
            while self.knots.get(segment).is_some_and(|knot| knot.at <= from) {
                segment += 1;
            }
            let Some(right) = self.knots.get(segment) else {
                let rate = self.knots[self.knots.len() - 1].rate;
                return (rate > 0.0).then(|| (from + amount / rate, segment));
            };
            let left_rate = match segment.checked_sub(1).map(|index| self.knots[index]) {
                Some(left) => {
                    left.rate + (right.rate - left.rate) * (from - left.at) / (right.at - left.at)
                }
                None => right.rate,
            };
            let span = right.at - from;
            let available = f64::midpoint(left_rate, right.rate) * span;
            if amount < available {
                let slope = (right.rate - left_rate) / span;
                return Some((from + time_to_integrate(left_rate, slope, amount), segment));
            }
            amount -= available;
            from = right.at;
        }
    }
}

impl RateProfile {
    /// Returns the time, in nanoseconds, at which the integral of the rate from `from` (within
    /// segment `segment`) reaches `amount`; `None` if it never does. Moves all three on to the
    /// beginning of the segment in which that is.
    pub(super) fn reach(
        &self,
        from: &mut f64,
        segment: &mut usize,
        amount: &mut f64,
    ) -> Option<f64> {
        loop {
            while self.knots.get(*segment).is_some_and(|knot| knot.at <= *from) {
                *segment += 1;
            }
            let Some(right) = self.knots.get(*segment) else {
                let rate = self.knots[self.knots.len() - 1].rate;
                return (rate > 0.0).then(|| *from * 1e9 + *amount * 1e9 / rate);
            };
            let left = self.rate_at(*from);
            let span = right.at - *from;
            let available = f64::midpoint(left, right.rate) * span;
            if *amount < available && left == right.rate {
                return Some(*from * 1e9 + *amount * 1e9 / left);
            }
            if *amount < available {
                let slope = (right.rate - left) / span;
                return Some((*from + time_to_integrate(left, slope, *amount)) * 1e9);
            }
            *amount -= available;
            *from = right.at;
        }
    }
}

/// Returns the time t with rate·t + slope·t²/2 = amount, in the form that avoids cancellation for
/// small slopes.
fn time_to_integrate(rate: f64, slope: f64, amount: f64) -> f64 {
    let root = libm::sqrt((rate * rate + 2.0 * slope * amount).max(0.0));
    2.0 * amount / (rate + root)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knots(points: &[(f64, f64)]) -> RateProfile {
        RateProfile::new(points.iter().map(|(at, rate)| Knot { at: *at, rate: *rate }).collect())
    }

    #[test]
    fn the_integral_is_inverted_across_ramps_steps_and_silence() {
        let profile = knots(&[(0.0, 0.0), (10.0, 10.0), (10.0, 0.0), (20.0, 0.0), (20.0, 5.0)]);
        let reach = |amount| profile.advance(0.0, 0, amount).map(|(at, _)| at);
        assert_eq!(reach(12.5), Some(5.0));
        assert_eq!(reach(45.0), Some(libm::sqrt(90.0)));
        assert_eq!(reach(55.0), Some(21.0), "nothing arrives between 10 and 20");
        assert_eq!(knots(&[(0.0, 1.0), (1.0, 0.0)]).advance(0.0, 0, 2.0), None);
    }

    #[test]
    fn a_surge_multiplies_the_rate_while_it_lasts() {
        let surged = RateProfile::constant(10.0).times(&knots(&[
            (0.0, 1.0),
            (5.0, 1.0),
            (5.0, 3.0),
            (8.0, 3.0),
            (8.0, 1.0),
        ]));
        assert_eq!(
            [0.0, 4.9, 5.0, 7.9, 8.0].map(|at| surged.rate_at(at)),
            [10.0, 10.0, 30.0, 30.0, 10.0]
        );
    }
}
