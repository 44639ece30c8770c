//! The connection pools of a proxy: one for each instance of the callee, with limits on all of them
//! together.
//!
//! The rules are those of Envoy (`source/common/conn_pool/conn_pool_base.cc`): a request belongs to
//! the instance that was chosen for it. It takes an idle connection to that instance, or else is
//! pending until a new connection is there. A connection stays open when its request has ended, and
//! counts against the limit; an instance without any connection gets one whatever the limit. The
//! connections to an instance that dies or is removed close, idle ones at once.
//! `validation/envoy` compares this with a real Envoy.

use std::collections::VecDeque;
use std::fmt;

use sim_core::growth::Growing;

use super::Waiter;

/// The limits of a proxy on all connections and requests to a callee; `u32::MAX` where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProxyLimits {
    /// Connections, to all instances together; each instance may have one anyway.
    pub connections: u32,
    /// Requests that wait for a connection.
    pub pending: u32,
    /// Requests under way.
    pub requests: u32,
    /// True if requests share a connection (HTTP/2); otherwise it serves one at a time.
    pub shares_connections: bool,
}

/// The limits of a proxy, and the instances that they are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostLimits {
    /// Number of instances of the callee.
    pub hosts: u32,
    /// The limits on all of them together.
    pub limits: ProxyLimits,
}

impl ProxyLimits {
    /// No limits.
    pub const NONE: Self = Self {
        connections: u32::MAX,
        pending: u32::MAX,
        requests: u32::MAX,
        shares_connections: false,
    };
}

impl HostLimits {
    /// The most requests that can be under way: one instance may have all connections of the limit
    /// when each of the others gets one beyond it.
    pub fn most_in_flight(&self) -> u32 {
        let beyond = self.hosts.saturating_sub(1);
        self.limit_of(self.limits.connections.max(1).saturating_add(beyond))
    }

    /// The requests under way from which on the limits are reached.
    pub fn limit_in_flight(&self) -> u32 {
        self.limit_of(self.limits.connections.max(1))
    }

    fn limit_of(&self, connections: u32) -> u32 {
        match self.limits {
            ProxyLimits { pending: 0, .. } => 0,
            ProxyLimits { shares_connections: true, requests, .. } => requests,
            ProxyLimits { requests, .. } => connections.min(requests),
        }
    }
}

impl fmt::Display for ProxyLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { connections, pending, requests, shares_connections } = self;
        let limit = |number: u32| match number {
            u32::MAX => "unlimited".to_owned(),
            number => number.to_string(),
        };
        let [connections, pending, requests] = [*connections, *pending, *requests].map(limit);
        write!(f, "{connections} connections, {pending} pending requests, {requests} requests")?;
        if *shares_connections { f.write_str(" that share connections") } else { Ok(()) }
    }
}

/// The answer to a request for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It has one.
    Granted,
    /// It has to wait for one.
    Waits,
    /// It goes beyond a limit.
    Rejected,
}

/// The connections to one instance.
#[derive(Clone, Debug, Default)]
struct Host {
    /// Connections, idle ones included.
    open: u32,
    /// Requests that have one.
    busy: u32,
    /// True if it is no longer there; then no connection to it stays open.
    is_removed: bool,
    waiting: VecDeque<Waiter>,
}

/// The connection pools of all instances.
#[derive(Clone, Debug)]
pub(super) struct HostPools {
    limits: ProxyLimits,
    hosts: Vec<Host>,
    /// Connections to all instances, idle ones included.
    open: u32,
}

impl HostPools {
    pub fn new(HostLimits { hosts, limits }: HostLimits) -> Self {
        Self { limits, hosts: vec![Host::default(); hosts as usize], open: 0 }
    }

    /// Asks for a connection to an instance; `under_way` and `waiting` are the requests to all of
    /// them. A new connection is for whoever has waited longest.
    pub fn ask(
        &mut self,
        host: u32,
        under_way: u32,
        waiting: u32,
        is_live: impl Fn(Waiter) -> bool,
    ) -> Answer {
        if !self.has_free_connection(host) {
            if waiting >= self.limits.pending {
                return Answer::Rejected;
            }
            if self.has_waiters(host, is_live) || !self.connect(host) {
                return Answer::Waits;
            }
        }
        if under_way >= self.limits.requests {
            return Answer::Rejected;
        }
        self.hosts[host as usize].busy += 1;
        Answer::Granted
    }

    /// Bytes that the queues take.
    pub fn bytes(&self) -> u64 {
        self.hosts.iter().map(|host| host.waiting.bytes()).sum()
    }

    /// Lets a request wait for a connection to an instance. If there may be a new one, it is opened,
    /// and the waiter that has it now is returned: the first, which was live when the request asked.
    pub fn enqueue(&mut self, host: u32, waiter: Waiter, under_way: u32) -> Option<Waiter> {
        self.hosts[host as usize].waiting.make_room();
        self.hosts[host as usize].waiting.push_back(waiter);
        if under_way >= self.limits.requests || !self.connect(host) {
            return None;
        }
        self.serve_first(host)
    }

    /// Ends a request; its connection closes with it if `closes`, unless others share it. Returns the
    /// first live waiter of the instance, which has a connection now.
    pub fn give_back(
        &mut self,
        host: u32,
        closes: bool,
        is_live: impl Fn(Waiter) -> bool,
    ) -> Option<Waiter> {
        let pool = &mut self.hosts[host as usize];
        pool.busy -= 1;
        if pool.is_removed {
            self.close_idle(host);
        } else if closes && !self.limits.shares_connections {
            pool.open -= 1;
            self.open -= 1;
        }
        if !self.has_waiters(host, is_live)
            || !(self.has_free_connection(host) || self.connect(host))
        {
            return None;
        }
        self.serve_first(host)
    }

    fn serve_first(&mut self, host: u32) -> Option<Waiter> {
        let pool = &mut self.hosts[host as usize];
        pool.busy += 1;
        pool.waiting.pop_front()
    }

    /// True if a live request waits for an instance; then the first in its queue is live.
    fn has_waiters(&mut self, host: u32, is_live: impl Fn(Waiter) -> bool) -> bool {
        let waiting = &mut self.hosts[host as usize].waiting;
        while waiting.front().is_some_and(|waiter| !is_live(*waiter)) {
            waiting.pop_front();
        }
        !waiting.is_empty()
    }

    /// Closes the connections to an instance that no request has; a shared one closes with all its
    /// requests.
    pub fn close_idle(&mut self, host: u32) {
        let pool = &mut self.hosts[host as usize];
        let kept = if self.limits.shares_connections { 0 } else { pool.busy };
        self.open -= pool.open.saturating_sub(kept);
        pool.open = pool.open.min(kept);
    }

    /// Removes all instances but the first `present`.
    pub fn set_present(&mut self, present: u32) {
        for host in 0..self.hosts.len() as u32 {
            let is_removed = host >= present;
            self.hosts[host as usize].is_removed = is_removed;
            if is_removed {
                self.close_idle(host);
            }
        }
    }

    fn has_free_connection(&self, host: u32) -> bool {
        let pool = &self.hosts[host as usize];
        if self.limits.shares_connections { pool.open > 0 } else { pool.busy < pool.open }
    }

    /// Opens a connection, if the limit allows one more or the instance has none
    /// (`tryCreateNewConnection`).
    fn connect(&mut self, host: u32) -> bool {
        let pool = &mut self.hosts[host as usize];
        let may_open = self.open < self.limits.connections || pool.open == 0;
        pool.open += u32::from(may_open);
        self.open += u32::from(may_open);
        may_open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: ProxyLimits =
        ProxyLimits { connections: 2, pending: 2, requests: 9, shares_connections: false };

    fn of_three(limits: ProxyLimits) -> HostLimits {
        HostLimits { hosts: 3, limits }
    }

    #[test]
    fn an_instance_without_a_connection_gets_one_beyond_the_limit() {
        let mut pools = HostPools::new(of_three(LIMITS));
        let answers = [0, 1, 2, 2].map(|host| pools.ask(host, 0, 0, |_| true));
        assert_eq!(answers, [Answer::Granted, Answer::Granted, Answer::Granted, Answer::Waits]);
    }

    #[test]
    fn one_instance_can_have_the_whole_limit_before_the_others_come() {
        let mut pools = HostPools::new(of_three(LIMITS));
        assert_eq!([0, 0, 1, 2].map(|host| pools.ask(host, 0, 0, |_| true)), [Answer::Granted; 4]);
        assert_eq!([0, 1, 2].map(|host| pools.ask(host, 0, 0, |_| true)), [Answer::Waits; 3]);
        assert_eq!((of_three(LIMITS).most_in_flight(), of_three(LIMITS).limit_in_flight()), (4, 2));
    }

    #[test]
    fn what_is_idle_closes_when_its_instance_dies_or_is_removed() {
        for dies in [true, false] {
            let mut pools = HostPools::new(of_three(LIMITS));
            assert_eq!([0, 1].map(|host| pools.ask(host, 0, 0, |_| true)), [Answer::Granted; 2]);
            assert_eq!(pools.give_back(0, false, |_| true), None);
            if dies {
                pools.close_idle(0);
            } else {
                pools.set_present(2);
            }
            let expected = if dies { Answer::Granted } else { Answer::Waits };
            assert_eq!(pools.ask(1, 1, 0, |_| true), expected);
            pools.set_present(1);
            assert_eq!(pools.give_back(1, false, |_| true), None, "it is removed, and closes");
            assert_eq!(pools.ask(0, 0, 0, |_| true), Answer::Granted);
        }
        let mut shared =
            HostPools::new(of_three(ProxyLimits { shares_connections: true, ..LIMITS }));
        assert_eq!([0, 0].map(|host| shared.ask(host, 0, 0, |_| true)), [Answer::Granted; 2]);
        shared.close_idle(0);
        assert_eq!(shared.give_back(0, true, |_| true), None);
        assert_eq!(
            (shared.open, shared.ask(0, 1, 0, |_| true), shared.open),
            (0, Answer::Granted, 1)
        );
    }

    #[test]
    fn an_idle_connection_to_one_instance_is_none_to_another() {
        let mut pools = HostPools::new(of_three(LIMITS));
        assert_eq!([0, 1, 1].map(|host| pools.ask(host, 0, 0, |_| true))[2], Answer::Waits);
        assert_eq!(pools.enqueue(1, Waiter { frame: 7, epoch: 0 }, 2), None);
        assert_eq!(pools.give_back(0, false, |_| true), None, "it stays open, and idle");
        assert_eq!(pools.ask(1, 1, 1, |_| true), Answer::Waits);
        let next = pools.give_back(1, false, |_| true);
        assert_eq!(next.map(|waiter| waiter.frame), Some(7));
    }

    #[test]
    fn a_new_connection_is_for_whoever_has_waited_longest() {
        let waiter = |frame| Waiter { frame, epoch: 0 };
        let mut pools = HostPools::new(of_three(LIMITS));
        assert_eq!([0, 1].map(|host| pools.ask(host, 0, 0, |_| true)), [Answer::Granted; 2]);
        for (frame, waiting) in [(6, 0), (7, 1)] {
            assert_eq!(pools.ask(1, 2, waiting, |_| true), Answer::Waits);
            assert_eq!(pools.enqueue(1, waiter(frame), 2), None);
        }
        pools.give_back(0, true, |_| true);
        let is_live = |waiter: Waiter| waiter.frame != 6;
        assert_eq!(pools.ask(1, 1, 1, is_live), Answer::Waits);
        assert_eq!(pools.enqueue(1, waiter(8), 1), Some(waiter(7)));
        assert_eq!(pools.give_back(1, false, is_live), Some(waiter(8)));
    }

    #[test]
    fn a_connection_that_closes_makes_room_for_another() {
        let mut pools = HostPools::new(of_three(LIMITS));
        assert_eq!([0, 1].map(|host| pools.ask(host, 0, 0, |_| true)), [Answer::Granted; 2]);
        pools.give_back(0, true, |_| true);
        assert_eq!(pools.ask(1, 1, 0, |_| true), Answer::Granted);
    }

    #[test]
    fn limits_reject_what_is_pending_and_what_is_under_way() {
        let none_pending = of_three(ProxyLimits { pending: 0, ..LIMITS });
        assert_eq!(HostPools::new(none_pending).ask(0, 0, 0, |_| true), Answer::Rejected);
        let few = of_three(ProxyLimits { requests: 1, shares_connections: true, ..LIMITS });
        let mut pools = HostPools::new(few);
        assert_eq!(
            [0, 1].map(|under_way| pools.ask(0, under_way, 0, |_| true))[1],
            Answer::Rejected
        );
        assert_eq!((none_pending.most_in_flight(), few.most_in_flight()), (0, 1));
    }
}
