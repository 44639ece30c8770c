//! Limits on calls in flight that adapt themselves to the latency of each call and to the number in
//! flight.
//!
//! The algorithms are those of Netflix's concurrency-limits; `tests/conformance.rs` replays
//! recordings of the library.

mod aimd;
mod gradient2;
mod vegas;

pub(crate) use aimd::AimdSection;
pub use aimd::{Aimd, AimdSettings};
pub(crate) use gradient2::Gradient2Section;
pub use gradient2::{Gradient2, Gradient2Settings};
pub(crate) use vegas::VegasSection;
pub use vegas::{Vegas, VegasSettings};
