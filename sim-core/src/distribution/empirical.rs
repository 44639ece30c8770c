//! Measured values with weights, drawn in constant time.

use super::DistributionError;
use crate::random::{Rng, uniform};

/// A discrete distribution over measured values, drawn by Vose's alias method ("A linear algorithm
/// for generating random numbers with a given distribution", IEEE TSE, 1991).
///
/// ```
/// use sim_core::distribution::Empirical;
/// let measured = Empirical::new(&[(1.0, 1.0), (3.0, 1.0)])?;
/// assert_eq!(measured.moments(), (2.0, 5.0));
/// # Ok::<(), sim_core::distribution::DistributionError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Empirical {
    columns: Vec<Column>,
    mean: f64,
    second_moment: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Column {
    /// Threshold within the column: below it `value` is drawn, above it `alias`.
    threshold: f64,
    value: f64,
    alias: f64,
}

impl Empirical {
    /// Builds the distribution from (value, weight) pairs.
    ///
    /// # Errors
    /// If no weight is positive, or a value or weight is negative or not finite.
    ///
    /// ```
    /// use sim_core::distribution::{DistributionError, Empirical};
    /// assert_eq!(Empirical::new(&[]), Err(DistributionError::NoWeight));
    /// ```
    pub fn new(values_and_weights: &[(f64, f64)]) -> Result<Self, DistributionError> {
        let total: f64 = values_and_weights.iter().map(|(_, weight)| weight).sum();
        let is_sound =
            |(value, weight): &(f64, f64)| *value >= 0.0 && *weight >= 0.0 && value.is_finite();
        if !(total > 0.0 && total.is_finite() && values_and_weights.iter().all(is_sound)) {
            return Err(DistributionError::NoWeight);
        }
        let moment = |power: fn(f64) -> f64| {
            values_and_weights.iter().map(|(value, weight)| power(*value) * weight / total).sum()
        };
        Ok(Self {
            columns: alias_columns(values_and_weights, total),
            mean: moment(|x| x),
            second_moment: moment(|x| x * x),
        })
    }

    /// Draws one of the values.
    ///
    /// ```
    /// use sim_core::{distribution::Empirical, random::Streams};
    /// let measured = Empirical::new(&[(4.0, 2.0)])?;
    /// assert_eq!(measured.sample(&mut Streams::new(1, 0).stream("example")), 4.0);
    /// # Ok::<(), sim_core::distribution::DistributionError>(())
    /// ```
    pub fn sample(&self, random: &mut impl Rng) -> f64 {
        let place = uniform(random) * self.columns.len() as f64;
        let column = self.columns[(place as usize).min(self.columns.len() - 1)];
        if place - libm::floor(place) < column.threshold { column.value } else { column.alias }
    }

    /// Returns the same distribution with every value multiplied by `factor`.
    ///
    /// ```
    /// let measured = sim_core::distribution::Empirical::new(&[(1.0, 1.0), (3.0, 1.0)])?;
    /// assert_eq!(measured.scaled(2.0).moments(), (4.0, 20.0));
    /// # Ok::<(), sim_core::distribution::DistributionError>(())
    /// ```
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        let scaled = |column: &Column| Column {
            value: column.value * factor,
            alias: column.alias * factor,
            ..*column
        };
        Self {
            columns: self.columns.iter().map(scaled).collect(),
            mean: self.mean * factor,
            second_moment: self.second_moment * factor * factor,
        }
    }

    /// Returns the mean and the mean of squares.
    ///
    /// See [`Empirical`] for an example.
    pub fn moments(&self) -> (f64, f64) {
        (self.mean, self.second_moment)
    }
}

fn alias_columns(values_and_weights: &[(f64, f64)], total: f64) -> Vec<Column> {
    let count = values_and_weights.len() as f64;
    let mut columns: Vec<Column> = values_and_weights
        .iter()
        .map(|(value, weight)| Column {
            threshold: weight * count / total,
            value: *value,
            alias: *value,
        })
        .collect();
    let (mut small, mut large): (Vec<usize>, Vec<usize>) =
        (0..columns.len()).partition(|index| columns[*index].threshold < 1.0);
    while let (Some(short), Some(&tall)) = (small.pop(), large.last()) {
        columns[short].alias = columns[tall].value;
        columns[tall].threshold -= 1.0 - columns[short].threshold;
        if columns[tall].threshold < 1.0 {
            large.pop();
            small.push(tall);
        }
    }
    small.into_iter().chain(large).for_each(|index| columns[index].threshold = 1.0);
    columns
}
