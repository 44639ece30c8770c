//! Limits of proxies: on requests, connections and retries, and the ejection of instances, in place
//! of a breaker.

use sim_core::SimDuration;

use super::{BreakerSection, Company};
use crate::guards::WrittenGuard;
use crate::guards::bulkhead::Permits;
use crate::language::{Location, Placed, Problems};
use crate::resilience::RetryBudgetPolicy;
use crate::resilience::load_balancer::{Balancing, OutlierSettings};
use crate::resources::ProxyLimits;

/// The time for which Envoy lets changes of instances wait for others, unless it is told otherwise
/// (`CommonLbConfig.update_merge_window`; `ClusterManagerImpl::scheduleUpdate` in
/// `source/common/upstream/cluster_manager_impl.cc`).
pub(crate) const ENVOYS_MERGE_WINDOW: SimDuration = SimDuration::from_secs(1);

/// The limits of a proxy.
pub(crate) trait Proxy {
    /// The limits on requests, connections and retries.
    fn limits(&self, problems: &mut Problems) -> Company;

    /// The time for which changes of instances wait for others, if it is written.
    fn update_merge_window(&self) -> Option<SimDuration> {
        None
    }

    /// The outlier detection that comes along, and where it is written; what else it changes about
    /// balancing is changed.
    fn outliers(
        &self,
        balancing: &mut Balancing,
        problems: &mut Problems,
    ) -> Option<(OutlierSettings, Location)>;
}

/// The most that a proxy allows.
pub(super) struct Thresholds {
    pub limits: ProxyLimits,
    pub retries: RetryBudgetPolicy,
}

impl Thresholds {
    /// The guards that take the place of a breaker.
    pub fn company(self) -> Company {
        let in_place = Some(Permits::of_proxy(self.limits));
        Company { in_place, retries: Some(self.retries), ..Company::default() }
    }
}

/// Adds the outlier detection that the breakers of a call bring along to the balancer of its edge.
pub(crate) fn outlier_detection_of(
    guards: &[WrittenGuard],
    balancing: &mut Balancing,
    problems: &mut Problems,
) {
    let breakers = guards.iter().filter_map(|guard| match guard {
        WrittenGuard::Breaker(breaker) => Some(breaker),
        _ => None,
    });
    for proxy in breakers.filter_map(|breaker: &Placed<BreakerSection>| breaker.proxy()) {
        if let Some(window) = proxy.update_merge_window() {
            balancing.update_merge_window = window;
        }
        let Some((settings, at)) = proxy.outliers(balancing, problems) else { continue };
        if balancing.outlier_detection.replace(settings).is_some() {
            let message = "outliers of this call are detected twice";
            problems.error(at, message, "keep one of the two settings");
        }
    }
}
