//! Breakers that answer exactly like those of the libraries people use.
//!
//! Each file is one library's state machine under the library's own parameter names, composed of
//! the windows and waits of the module above. `tests/conformance.rs` replays recordings of the real
//! libraries through them, row by row.
//!
//! Timers are explicit: whoever drives a breaker that has any calls `advance_to` before anything
//! else at an instant, and what has fallen due by then happens at its own time, in order.

mod article_go;
mod article_python;
mod cockatiel;
mod gobreaker;
mod hystrix;
mod opossum;
mod polly;
mod pybreaker;
mod resilience4j;

pub use article_go::{ArticleGo, ArticleGoAnswer, ArticleGoSettings};
pub use article_python::{ArticlePython, ArticlePythonMetrics, ArticlePythonSettings};
pub use cockatiel::{Cockatiel, CockatielAnswer, CockatielBreaker, CockatielSettings};
pub use gobreaker::{GoBreaker, GoBreakerAnswer, GoBreakerCounts, GoBreakerSettings, ReadyToTrip};
pub use hystrix::{Hystrix, HystrixSettings};
pub use opossum::{Opossum, OpossumAnswer, OpossumSettings, OpossumStats};
pub use polly::{Polly, PollySettings};
pub use pybreaker::{PyBreaker, PyBreakerSettings};
pub use resilience4j::{
    Resilience4j, Resilience4jMetrics, Resilience4jOverride, Resilience4jSettings,
    Resilience4jState,
};
