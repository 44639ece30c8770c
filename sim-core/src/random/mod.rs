//! Random numbers that belong to names and keys, never to the order in which code asks for them.
//!
//! - A [`Streams`] family gives each *name* its own ChaCha8 generator: adding a component does not
//!   change the numbers of any other.
//! - A [`DrawKey`] gives each *thing that can happen* its own numbers: request 17, step 3, second
//!   attempt. Two variants of a model that both reach that point draw the same value there, which
//!   is what makes common random numbers work (Law, *Simulation Modeling and Analysis*, 5th ed.,
//!   section 11.2).
//!
//! A keyed draw is a counter-based mix (three multiply-xorshift rounds over key and counter) whose
//! root key comes from a ChaCha8 stream. Using a ChaCha8 block for each draw would cost about
//! twelve times as much; `cargo bench -p sim-core` measures both, and the tests of the `keyed`
//! module check uniformity, avalanche and independence between neighbouring keys.

mod keyed;
mod stream;
mod ziggurat;

pub(crate) use keyed::mix;
pub use keyed::{DrawKey, KeyedDraw};
pub use rand_core::Rng;
pub use stream::{Stream, Streams};
pub use ziggurat::{standard_exponential, standard_normal};

/// A number drawn uniformly from [0, 1), a multiple of 2⁻⁵³.
///
/// ```
/// use sim_core::random::{Streams, uniform};
/// let u = uniform(&mut Streams::new(7, 0).stream("example"));
/// assert!((0.0..1.0).contains(&u));
/// ```
pub fn uniform(random: &mut impl Rng) -> f64 {
    (random.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// A number drawn uniformly from (0, 1]: never zero, so its logarithm is finite.
///
/// ```
/// use sim_core::random::{Streams, uniform_positive};
/// assert!(uniform_positive(&mut Streams::new(7, 0).stream("example")) > 0.0);
/// ```
pub fn uniform_positive(random: &mut impl Rng) -> f64 {
    1.0 - uniform(random)
}
