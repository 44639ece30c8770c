//! Work that takes longer the more an instance has to do.

use super::engine::Engine;
use super::id::{Id, of};

/// The growth of the work of an instance with its load.
///
/// `serial` and `crosstalk` are σ and κ of the Universal Scalability Law (N. J. Gunther, "Guerrilla
/// Capacity Planning", 2007): N requests that share an instance get C(N) = N / (1 + σ(N − 1) +
/// κN(N − 1)) times as much done as one, so each takes 1 + σ(N − 1) + κN(N − 1) times as long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contention {
    /// σ, the share of the work that only one request can do at a time, from 0 to 1.
    pub serial: f64,
    /// κ, the cost of keeping each pair of requests consistent, as a share of the work, from 0 to 1.
    pub crosstalk: f64,
    /// The work that each other request in the instance adds, in nanoseconds.
    pub per_request: f64,
    /// The queue whose messages add work, if there is one.
    pub queue: Option<Id<of::Queue>>,
    /// The work that each message waiting in `queue` adds, in nanoseconds.
    pub per_message: f64,
}

impl Contention {
    /// The time of work that alone takes `nanos`, for one of `requests` in the instance and with
    /// `messages` in the queue.
    pub fn work(&self, nanos: f64, requests: u32, messages: u64) -> f64 {
        let requests = f64::from(requests.max(1));
        let others = requests - 1.0;
        let factor = 1.0 + self.serial * others + self.crosstalk * requests * others;
        nanos * factor + self.per_request * others + self.per_message * messages as f64
    }
}

impl Engine<'_> {
    /// The service time of work that begins now in an instance, where it alone would take `nanos`.
    #[cold]
    pub fn contended_work(&self, instance: Id<of::Instance>, nanos: f64) -> f64 {
        let plan = self.plan.instances[instance];
        let Some(contention) = plan.contention else { return nanos };
        let contention = &self.plan.contentions[contention];
        let messages =
            contention.queue.map_or(0, |queue| self.state.queues[queue].messages.depth());
        contention.work(nanos, self.state.pools[plan.slots].in_use(), messages)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_capacity_is_that_of_the_universal_scalability_law() {
        let law = Contention {
            serial: 0.05,
            crosstalk: 0.001,
            per_request: 0.0,
            queue: None,
            per_message: 0.0,
        };
        for requests in 1..=64_u32 {
            let n = f64::from(requests);
            let capacity = n / (1.0 + 0.05 * (n - 1.0) + 0.001 * n * (n - 1.0));
            let done = n * 100.0 / law.work(100.0, requests, 0);
            assert!((done / capacity - 1.0).abs() < 1e-12, "{requests}");
        }
        assert_eq!(law.work(100.0, 0, 0), 100.0, "nobody is less than alone");
    }
}
