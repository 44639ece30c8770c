//! Circuit breakers: composed of parts, or, with `preset`, a library's.

mod article_go;
mod article_python;
mod call;
mod cockatiel;
mod company;
mod composed;
mod envoy;
mod gobreaker;
mod hystrix;
mod istio;
mod opossum;
mod plan;
mod polly;
mod proxy;
mod pybreaker;
mod resilience4j;
mod service;

pub(crate) use self::call::Permission;
pub use self::plan::Breaker;
pub(crate) use self::proxy::outlier_detection_of;

use self::article_go::ArticleGoSection;
use self::article_python::ArticlePythonSection;
use self::cockatiel::CockatielSection;
pub(super) use self::company::Company;
use self::composed::ComposedSection;
use self::envoy::EnvoySection;
use self::gobreaker::GoBreakerSection;
use self::hystrix::HystrixSection;
use self::istio::IstioSection;
use self::opossum::OpossumSection;
use self::polly::PollySection;
use self::proxy::Proxy;
use self::pybreaker::PyBreakerSection;
use self::resilience4j::Resilience4jSection;
use self::service::ServiceSection;
use crate::OutcomeSet;
use crate::language::{Location, Problems, one_of};
use crate::resilience::circuit_breaker::BreakerSettings;

/// The settings of a breaker that has a state machine.
pub(crate) trait Machine {
    /// How it stands in service, whatever its make.
    fn service(&self) -> &ServiceSection;

    /// The settings of its state machine.
    fn settings(&self, problems: &mut Problems) -> BreakerSettings;

    /// The guards that come along with it; `at` is where it is written.
    fn company(&self, _at: Location) -> Company {
        Company::default()
    }

    /// Outcomes that it counts as failures, if nothing is said.
    fn counts(&self) -> OutcomeSet {
        OutcomeSet::callee_failures()
    }

    /// Outcomes that it does not count, if nothing is said.
    fn ignores(&self) -> OutcomeSet {
        OutcomeSet::of(&[])
    }
}

/// Lists the breakers by their presets: those with a state machine, and the limits of proxies.
macro_rules! breakers {
    (
        machines { $( $(#[doc = $doc:literal])* $key:literal => $name:ident($section:ty) ),* $(,)? }
        proxies { $( $(#[doc = $about:literal])* $preset:literal => $proxy:ident($limits:ty) ),* $(,)? }
    ) => {
        one_of! {
            /// A circuit breaker: composed of parts, or, with `preset`, a library's, under the
            /// library's own names.
            pub(crate) enum BreakerSection("breaker") by "preset" or "" {
                $( $(#[doc = $doc])* $key => $name($section), )*
                $( $(#[doc = $about])* $preset => $proxy($limits), )*
            }
        }

        impl BreakerSection {
            /// The breaker, if it has a state machine.
            fn machine(&self) -> Option<&dyn Machine> {
                match self {
                    $( Self::$name(section) => Some(section), )*
                    $( Self::$proxy(_) => None, )*
                }
            }

            /// The limits of a proxy, if it is one.
            fn proxy(&self) -> Option<&dyn Proxy> {
                match self {
                    $( Self::$name(_) => None, )*
                    $( Self::$proxy(section) => Some(section), )*
                }
            }
        }
    };
}

breakers! {
    machines {
        /// Composed of parts.
        "" => Composed(ComposedSection),
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
    proxies {
        /// Envoy's circuit breaking thresholds and outlier detection.
        "envoy" => Envoy(EnvoySection),
        /// Istio's connection pool settings and outlier detection.
        "istio" => Istio(IstioSection),
    }
}

impl BreakerSection {
    /// The guards that come along with the breaker; `at` is where it is written.
    pub(super) fn company(&self, at: Location, problems: &mut Problems) -> Company {
        match self.proxy() {
            Some(proxy) => proxy.limits(problems),
            None => self.machine().map_or_else(Company::default, |machine| machine.company(at)),
        }
    }

    /// The keys of settings that a call can have as well, and where they are written.
    pub(super) fn shared_with_call(&self) -> Vec<(&'static str, Location)> {
        match self {
            Self::Opossum(section) => {
                section.timeout.iter().map(|it| ("timeout", it.key())).collect()
            }
            Self::ArticleGo(section) => {
                section.bulkhead_keys().map(|at| ("bulkhead", at)).collect()
            }
            _ => Vec::new(),
        }
    }
}
