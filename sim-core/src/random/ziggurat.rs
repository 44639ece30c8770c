//! Exponential and normal random numbers by the ziggurat method of Marsaglia and Tsang ("The
//! ziggurat method for generating random variables", Journal of Statistical Software, 2000), with
//! 256 layers and 53-bit abscissas.

use std::sync::LazyLock;

use super::{Rng, uniform, uniform_positive};

const LAYERS: usize = 256;

/// Start of the tail of the exponential ziggurat, and the area of each of its layers.
const EXPONENTIAL_TAIL: f64 = 7.697_117_470_131_05;
const EXPONENTIAL_AREA: f64 = 0.003_949_659_822_581_557;
/// Start of the tail of the normal ziggurat, and the area of each of its layers.
const NORMAL_TAIL: f64 = 3.654_152_885_361_009;
const NORMAL_AREA: f64 = 0.004_928_673_233_974_655;

/// Right edges of the layers and the density at each edge; layer 0 is the base, which includes the
/// tail.
struct Ziggurat {
    edge: [f64; LAYERS + 1],
    density: [f64; LAYERS + 1],
}

impl Ziggurat {
    fn new(tail: f64, area: f64, density: fn(f64) -> f64, inverse: fn(f64) -> f64) -> Self {
        let mut edge = [0.0; LAYERS + 1];
        edge[0] = area / density(tail);
        edge[1] = tail;
        for layer in 2..LAYERS {
            edge[layer] = inverse(area / edge[layer - 1] + density(edge[layer - 1]));
        }
        Self { edge, density: edge.map(density) }
    }
}

static EXPONENTIAL: LazyLock<Ziggurat> = LazyLock::new(|| {
    Ziggurat::new(EXPONENTIAL_TAIL, EXPONENTIAL_AREA, |x| libm::exp(-x), |y| -libm::log(y))
});

static NORMAL: LazyLock<Ziggurat> = LazyLock::new(|| {
    Ziggurat::new(
        NORMAL_TAIL,
        NORMAL_AREA,
        |x| libm::exp(-0.5 * x * x),
        |y| libm::sqrt(-2.0 * libm::log(y)),
    )
});

/// Draws an exponentially distributed number with mean 1.
///
/// ```
/// use sim_core::random::{Streams, standard_exponential};
/// let mut stream = Streams::new(1, 0).stream("example");
/// let mean = (0..10_000).map(|_| standard_exponential(&mut stream)).sum::<f64>() / 10_000.0;
/// assert!((mean - 1.0).abs() < 0.05);
/// ```
#[inline]
pub fn standard_exponential(random: &mut impl Rng) -> f64 {
    let ziggurat = &*EXPONENTIAL;
    loop {
        let bits = random.next_u64();
        let layer = (bits & 0xff) as usize;
        let x = (bits >> 11) as f64 * (1.0 / (1u64 << 53) as f64) * ziggurat.edge[layer];
        if x < ziggurat.edge[layer + 1] {
            return x;
        }
        if layer == 0 {
            return EXPONENTIAL_TAIL - libm::log(uniform_positive(random));
        }
        if is_below_density(ziggurat, layer, libm::exp(-x), random) {
            return x;
        }
    }
}

/// Draws a normally distributed number with mean 0 and standard deviation 1.
///
/// ```
/// use sim_core::random::{Streams, standard_normal};
/// let mut stream = Streams::new(1, 0).stream("example");
/// let mean = (0..10_000).map(|_| standard_normal(&mut stream)).sum::<f64>() / 10_000.0;
/// assert!(mean.abs() < 0.05);
/// ```
#[inline]
pub fn standard_normal(random: &mut impl Rng) -> f64 {
    let ziggurat = &*NORMAL;
    loop {
        let bits = random.next_u64();
        let layer = (bits & 0xff) as usize;
        let signed_unit = (bits >> 11) as f64 * (2.0 / (1u64 << 53) as f64) - 1.0;
        let x = signed_unit * ziggurat.edge[layer];
        if x.abs() < ziggurat.edge[layer + 1] {
            return x;
        }
        if layer == 0 {
            return libm::copysign(normal_tail(random), signed_unit);
        }
        if is_below_density(ziggurat, layer, libm::exp(-0.5 * x * x), random) {
            return x;
        }
    }
}

fn is_below_density(
    ziggurat: &Ziggurat,
    layer: usize,
    density: f64,
    random: &mut impl Rng,
) -> bool {
    let (low, high) = (ziggurat.density[layer], ziggurat.density[layer + 1]);
    low + (high - low) * uniform(random) < density
}

/// Draws a normal number beyond the tail, by Marsaglia's exponential rejection.
fn normal_tail(random: &mut impl Rng) -> f64 {
    loop {
        let beyond = -libm::log(uniform_positive(random)) / NORMAL_TAIL;
        let height = -libm::log(uniform_positive(random));
        if 2.0 * height > beyond * beyond {
            return NORMAL_TAIL + beyond;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Streams;

    const DRAWS: usize = 1_000_000;

    /// Largest distance between the empirical distribution and `cdf`; below 1.95 / √n in 99.9 % of
    /// samples (Kolmogorov).
    fn kolmogorov_distance(mut sample: Vec<f64>, cdf: impl Fn(f64) -> f64) -> f64 {
        sample.sort_by(f64::total_cmp);
        let n = sample.len() as f64;
        let distance = |(index, x): (usize, &f64)| {
            (cdf(*x) - index as f64 / n).abs().max((cdf(*x) - (index + 1) as f64 / n).abs())
        };
        sample.iter().enumerate().map(distance).fold(0.0, f64::max)
    }

    #[test]
    fn exponential_numbers_follow_their_distribution_into_the_tail() {
        let mut stream = Streams::new(5, 0).stream("ziggurat");
        let sample: Vec<f64> = (0..DRAWS).map(|_| standard_exponential(&mut stream)).collect();
        let beyond_tail = sample.iter().filter(|x| **x > EXPONENTIAL_TAIL).count() as f64;
        assert!((beyond_tail - 454.0).abs() < 100.0, "{beyond_tail} beyond the tail, 454 expected");
        assert!(kolmogorov_distance(sample, |x| 1.0 - libm::exp(-x)) < 1.95e-3);
    }

    #[test]
    fn normal_numbers_follow_their_distribution_into_the_tail() {
        let mut stream = Streams::new(5, 0).stream("ziggurat");
        let sample: Vec<f64> = (0..DRAWS).map(|_| standard_normal(&mut stream)).collect();
        let beyond_tail = sample.iter().filter(|x| x.abs() > NORMAL_TAIL).count() as f64;
        assert!((beyond_tail - 258.0).abs() < 80.0, "{beyond_tail} beyond the tails, 258 expected");
        assert!(
            kolmogorov_distance(sample, |x| 0.5 * libm::erfc(-x / std::f64::consts::SQRT_2))
                < 1.95e-3
        );
    }
}
