//! Limits of proxies: on requests, connections and retries, and the ejection of instances, in place
//! of a breaker.

use super::{BreakerSection, Company};
use crate::guards::WrittenGuard;
use crate::guards::bulkhead::Permits;
use crate::language::{Location, Placed, Problems};
use crate::resilience::RetryBudgetPolicy;
use crate::resilience::load_balancer::{Balancing, OutlierSettings};
use crate::system::PoolKind;

/// The limits of a proxy.
pub(crate) trait Proxy {
    /// The limits on requests, connections and retries.
    fn limits(&self, problems: &mut Problems) -> Company;

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
    pub connections: u32,
    pub pending: u32,
    pub requests: u32,
    pub shares_connections: bool,
    pub retries: RetryBudgetPolicy,
}

impl Thresholds {
    /// The guards that take the place of a breaker.
    ///
    /// A request is pending for an instant before it has a connection, and without pending requests no connection is
    /// ever opened: then every request is rejected, as with a limit of no requests (`ConnPoolImplBase::newStreamImpl`
    /// and `attachStreamToClient` in Envoy's `source/common/conn_pool/conn_pool_base.cc`). A limit of no connections
    /// still allows one (`tryCreateNewConnection` there).
    ///
    /// With HTTP/1.1 a connection serves one request at a time, so the fewer of connections and
    /// requests may be under way and the others wait; with HTTP/2 requests share connections, and
    /// one too many is rejected at once.
    pub fn company(self) -> Company {
        let permits = if self.pending == 0 || self.requests == 0 {
            Permits::pool(PoolKind::Connections, 0, 0)
        } else if self.shares_connections {
            Permits::pool(PoolKind::Threads, self.requests, 0)
        } else {
            let connections = self.connections.max(1).min(self.requests);
            Permits::pool(PoolKind::Connections, connections, self.pending)
        };
        let retries = Some(self.retries);
        Company { in_place: Some(permits), retries, ..Company::default() }
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
        let Some((settings, at)) = proxy.outliers(balancing, problems) else { continue };
        if balancing.outlier_detection.replace(settings).is_some() {
            let message = "outliers of this call are detected twice";
            problems.error(at, message, "keep one of the two settings");
        }
    }
}
