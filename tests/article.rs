//! The library against the article that it retells: each guard and each number matters, because
//! without it, or with another number, an expectation of a scenario fails.
//!
//! The folder holds the changes and what they are applied to: `guards` takes guards away, `numbers`
//! halves and doubles settings.

mod guards;
mod mutation;
mod numbers;
mod written;
