//! Breakers that answer exactly like those of the libraries people use.
//!
//! Each file is one library: its state machine under the library's own parameter names, built from
//! the windows and waits of the module above; its [`LibraryBreaker`] interface; and its settings in
//! a scenario. `tests/conformance` replays recordings of the real libraries through the machines,
//! row by row. A machine is the library's own and not settings of a general one: libraries differ in
//! the order in which they do things, not in numbers.
//!
//! Timers are explicit. Before you call anything else at an instant, call `advance_to` on a machine
//! that has it; whatever has fallen due by then happens at its own time, in order.
//!
//! A new library is a file here and its lines in this one.

mod article_go;
mod article_python;
mod cockatiel;
mod gobreaker;
mod hystrix;
mod interface;
mod opossum;
mod polly;
mod pybreaker;
mod resilience4j;

pub(crate) use article_go::ArticleGoSection;
pub use article_go::{ArticleGo, ArticleGoAnswer, ArticleGoSettings};
pub(crate) use article_python::ArticlePythonSection;
pub use article_python::{ArticlePython, ArticlePythonMetrics, ArticlePythonSettings};
pub(crate) use cockatiel::CockatielSection;
pub use cockatiel::{Cockatiel, CockatielAnswer, CockatielBreaker, CockatielSettings};
pub(crate) use gobreaker::GoBreakerSection;
pub use gobreaker::{GoBreaker, GoBreakerAnswer, GoBreakerCounts, GoBreakerSettings, ReadyToTrip};
pub(crate) use hystrix::HystrixSection;
pub use hystrix::{Hystrix, HystrixOpens, HystrixSettings};
pub use interface::LibraryBreaker;
pub(crate) use opossum::OpossumSection;
pub use opossum::{Opossum, OpossumAnswer, OpossumSettings, OpossumStats};
pub(crate) use polly::PollySection;
pub use polly::{Polly, PollySettings};
pub(crate) use pybreaker::PyBreakerSection;
pub use pybreaker::{PyBreaker, PyBreakerSettings};
pub(crate) use resilience4j::Resilience4jSection;
pub use resilience4j::{
    Resilience4j, Resilience4jMetrics, Resilience4jOverride, Resilience4jSettings,
    Resilience4jState,
};

/// Hands the list of all libraries to the macro `$of`: for each, the name of its preset, its machine
/// and its settings in a scenario.
macro_rules! libraries {
    ($of:ident) => {
        $of! {
            /// Resilience4j (Java).
            "resilience4j" => Resilience4j(Resilience4jSection),
            /// sony/gobreaker v2 (Go).
            "gobreaker" => GoBreaker(GoBreakerSection),
            /// pybreaker (Python).
            "pybreaker" => PyBreaker(PyBreakerSection),
            /// The Python breaker of the article.
            "article-python" => ArticlePython(ArticlePythonSection),
            /// The Go breaker with bulkhead of the article.
            "article-go" => ArticleGo(ArticleGoSection),
            /// opossum (Node).
            "opossum" => Opossum(OpossumSection),
            /// cockatiel (Node).
            "cockatiel" => Cockatiel(CockatielSection),
            /// Polly v8 (.NET).
            "polly" => Polly(PollySection),
            /// Hystrix (Java).
            "hystrix" => Hystrix(HystrixSection),
        }
    };
}
pub(crate) use libraries;
