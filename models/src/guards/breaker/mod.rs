//! Circuit breakers: composed of parts, or, with `preset`, a library's.

mod call;
mod company;
mod composed;
mod envoy;
mod istio;
mod plan;
mod proxy;
mod service;

pub(crate) use self::call::Permission;
pub use self::plan::Breaker;
pub(crate) use self::proxy::{ENVOYS_MERGE_WINDOW, outlier_detection_of};

pub(crate) use self::company::Company;
use self::composed::ComposedSection;
use self::envoy::EnvoySection;
use self::istio::IstioSection;
use self::proxy::Proxy;
pub(crate) use self::service::ServiceSection;
use crate::OutcomeSet;
use crate::language::{Location, Problems, one_of};
use crate::resilience::circuit_breaker::{BreakerSettings, libraries};

/// The settings of a breaker that has a state machine.
pub(crate) trait MachineSection {
    /// The settings that it shares with breakers of every library.
    fn service(&self) -> &ServiceSection;

    /// The settings of its state machine.
    fn settings(&self, problems: &mut Problems) -> BreakerSettings;

    /// The guards that come along with it; `at` is where it is written.
    fn company(&self, _at: Location) -> Company {
        Company::default()
    }

    /// The keys of its settings that a call can have as well, and where they are written.
    fn shared_with_call(&self) -> Vec<(&'static str, Location)> {
        Vec::new()
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

/// Writes the sections of all breakers that a file may have, with a variant for each library.
macro_rules! breakers {
    ($( $(#[doc = $doc:literal])* $preset:literal => $library:ident($section:ident) ),+ $(,)?) => {
        one_of! {
            /// A circuit breaker: composed of parts, or, with `preset`, a library's, under the
            /// library's own names.
            pub(crate) enum BreakerSection("breaker") by "preset" or "" {
                /// Composed of parts.
                "" => Composed(ComposedSection),
                $( $(#[doc = $doc])* $preset => $library(libraries::$section), )+
                /// Envoy's circuit breaking thresholds and outlier detection.
                "envoy" => Envoy(EnvoySection),
                /// Istio's connection pool settings and outlier detection.
                "istio" => Istio(IstioSection),
            }
        }

        impl BreakerSection {
            /// The breaker, if it has a state machine.
            fn machine(&self) -> Option<&dyn MachineSection> {
                match self {
                    Self::Composed(section) => Some(section),
                    $( Self::$library(section) => Some(section), )+
                    Self::Envoy(_) | Self::Istio(_) => None,
                }
            }
        }
    };
}

libraries::libraries!(breakers);

impl BreakerSection {
    /// The guards that come along with the breaker; `at` is where it is written.
    pub(super) fn company(&self, at: Location, problems: &mut Problems) -> Company {
        match self.proxy() {
            Some(proxy) => proxy.limits(problems),
            None => self.machine().map_or_else(Company::default, |machine| machine.company(at)),
        }
    }

    /// The limits of a proxy, if it is one.
    pub(super) fn proxy(&self) -> Option<&dyn Proxy> {
        match self {
            Self::Envoy(section) => Some(section),
            Self::Istio(section) => Some(section),
            _ => None,
        }
    }

    /// The keys of settings that a call can have as well, and where they are written.
    pub(super) fn shared_with_call(&self) -> Vec<(&'static str, Location)> {
        self.machine().map_or_else(Vec::new, MachineSection::shared_with_call)
    }
}
