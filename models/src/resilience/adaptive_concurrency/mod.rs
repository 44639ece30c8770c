//! Limits on calls in flight that adapt themselves: what each call took, and how many were in
//! flight, says how many may be.
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
