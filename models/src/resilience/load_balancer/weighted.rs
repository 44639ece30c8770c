//! Weighted round robin.

/// Parts into which a weight can be divided: a power of two, so that whole weights stay exact.
const PARTS: u32 = 1 << 20;

/// Smooth weighted round robin, as in nginx: every instance gains its weight each time, and the one
/// that has gained most is chosen and pays for all. Picks of a heavy instance are spread between
/// the others instead of coming in a row.
#[derive(Clone, Debug)]
pub struct SmoothWeighted {
    weights: Vec<i64>,
    gained: Vec<i64>,
}

impl SmoothWeighted {
    /// A balancer over instances of these weights.
    pub fn new(weights: &[u32]) -> Self {
        Self {
            weights: weights.iter().map(|weight| i64::from(*weight)).collect(),
            gained: vec![0; weights.len()],
        }
    }

    /// The next of the eligible instances; 0 if there are none. `part` returns the share of its
    /// weight, 0 to 1, with which an instance counts, by its position among the eligible ones.
    pub fn choose(&mut self, eligible: &[u32], part: impl Fn(usize) -> f64) -> u32 {
        let mut total = 0;
        let mut chosen = eligible.first().copied().unwrap_or(0);
        for (position, &instance) in eligible.iter().enumerate() {
            let parts = (part(position) * f64::from(PARTS)) as i64;
            let weight = self.weights[instance as usize] * parts;
            total += weight;
            self.gained[instance as usize] += weight;
            if self.gained[instance as usize] > self.gained[chosen as usize] {
                chosen = instance;
            }
        }
        if let Some(gained) = self.gained.get_mut(chosen as usize) {
            *gained -= total;
        }
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the commit that brought it to nginx: weights 5, 1, 1.
    #[test]
    fn heavy_picks_are_spread() {
        let mut balancer = SmoothWeighted::new(&[5, 1, 1]);
        let picks: Vec<u32> = (0..7).map(|_| balancer.choose(&[0, 1, 2], |_| 1.0)).collect();
        assert_eq!(picks, [0, 0, 1, 0, 2, 0, 0]);
        assert_eq!(
            (0..4).map(|_| balancer.choose(&[1, 2], |_| 1.0)).collect::<Vec<_>>(),
            [1, 2, 1, 2],
            "without the heavy one"
        );
    }
}
