//! Pools of connections that a caller keeps: what a driver's pool does, such as that of `HikariCP`,
//! node-postgres or pgx.
//!
//! A call has a connection to itself while it lasts. The slots of the pool are
//! [`Pool`](crate::resources::Pool)'s; this guard knows which connections are open, to which
//! instance, and what it takes to open one. A connection whose answer did not come, or was a
//! refusal, is closed: `HikariCP` evicts it after an `SQLTimeoutException` and after errors of the
//! connection (`ProxyConnection.checkException`), pgx after every cancelled query
//! (`Conn.Close` by `pgconn`).

use sim_core::{SimDuration, SimTime};

use super::{Call, Entry, Exit, Guard, Guards, Hold, Permits, Site, WrittenGuard};
use crate::Outcome;
use crate::language::distribution::DurationPhrase;
use crate::language::{Placed, Problems, section};
use crate::resources::Waiter;
use crate::scenario::{Names, Plan};
use crate::system::{
    Activity, Draw, EdgePlan, Engine, Event, Id, Ids, NO_FRAME, Next, PoolKind, UNLIMITED, Way, of,
};

section! {
    /// A pool of connections that each instance of the caller keeps.
    pub(crate) struct PoolSection {
        /// The most connections of each instance.
        "max" => max: Placed<u32>,
        /// The most connections that stay open while no call has them; as many as `max` if left
        /// out.
        "idle" => idle: Option<Placed<u32>>,
        /// The time that it takes to open a connection; none if left out.
        "handshake" => handshake: Option<Placed<DurationPhrase>>,
        /// The most calls that may wait for a connection; no limit if left out.
        "queue" => queue: Option<u32>,
        /// The time after which a call gives up that has no connection yet, whether it waits for
        /// one or opens one; for ever if left out.
        "max wait" => max_wait: Option<Placed<DurationPhrase>>,
    }
}

/// Gives each call a connection of a pool that the caller keeps.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectionPool {
    /// The first of its pools; one for each instance of the caller.
    pub first_pool: Id<of::Pool>,
    /// The most connections of each instance that stay open while no call has them.
    pub idle: u32,
    /// The time that it takes to open a connection; `None` if it takes none.
    pub handshake: Option<Id<of::Distribution>>,
}

/// An open connection to an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Connection {
    /// The instance.
    pub to: Id<of::Instance>,
    /// The time since which it has been open.
    pub since: SimTime,
}

/// A place in a pool of connections, or in the queue for one, and the connection there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lease {
    /// The instant at which the place was granted, or the wait for it began.
    since: SimTime,
    /// The time since which its connection has been open, or is being opened.
    opened: SimTime,
    /// The instance to which it is; `None` if there is none yet.
    to: Option<Id<of::Instance>>,
}

impl Guards for ConnectionPool {
    type Section = PoolSection;

    fn compile(
        section: &PoolSection,
        site: &Site,
        names: &Names<'_>,
        plan: &mut Plan,
        problems: &mut Problems,
    ) -> Option<Self> {
        let PoolSection { max, idle, handshake, queue, max_wait } = section;
        let capacity = problems.at_least_one(Some(max), 1, "`max`");
        let idle_limit = idle.as_deref().copied().unwrap_or(capacity);
        if let Some(idle) = idle.as_ref().filter(|_| idle_limit > capacity) {
            let message =
                format!("{idle_limit} connections cannot be idle: there are at most {capacity}");
            problems.error(idle.at(), message, "write an `idle` that is no larger than `max`");
        }
        let handshake = handshake.as_ref().map(|it| plan.distribution(it, names, problems));
        let queue_limit = queue.unwrap_or(UNLIMITED);
        let pool = Permits::pool(PoolKind::Connections, capacity, queue_limit);
        let permits = Permits { max_wait: max_wait.clone(), ..pool };
        let site = &Site { ordinal: 1, ..*site };
        let first_pool = permits.compile(site, names, plan, problems)?.first_pool;
        Some(Self { first_pool, idle: idle_limit, handshake })
    }

    fn enter(&self, call: Call<'_>, engine: &mut Engine<'_>) -> Entry {
        let pool = call.of_caller(self.first_pool, engine);
        let lease = Lease { since: engine.now, opened: engine.now, to: None };
        *engine.state.frames.hold(call.index, call.position) = Hold::ConnectionPool(lease);
        if engine.state.pools[pool].try_acquire(engine.now) {
            return self.connect(call, pool, engine.now, engine);
        }
        let waiter = engine.state.frames.begin_wait(call.index, Activity::AwaitingPermit);
        if engine.state.pools[pool].enqueue(engine.now, waiter) {
            engine.set_deadline(engine.plan.pools[pool].wait_deadline, waiter);
            return Entry::Waits;
        }
        Entry::Rejected(Outcome::RejectedByBulkhead)
    }

    fn leave(&self, call: Call<'_>, outcome: Outcome, engine: &mut Engine<'_>) -> Exit {
        self.give_back(call, matches!(outcome, Outcome::Timeout | Outcome::Refused), engine);
        Exit::Passed
    }

    fn abandon(&self, call: Call<'_>, engine: &mut Engine<'_>) {
        self.give_back(call, true, engine);
    }

    /// The connections of a process that has died close.
    fn forget(&self, _: &EdgePlan, caller: u32, engine: &mut Engine<'_>) -> Option<&'static str> {
        engine.close_idle(self.first_pool.offset(caller), |_| true);
        None
    }
}

impl ConnectionPool {
    /// Gives a call that has a place in the pool its connection: an idle one, or a new one. A
    /// call whose instance has been chosen already needs one to that instance. It has waited since
    /// `asked`.
    fn connect(
        &self,
        call: Call<'_>,
        pool: Id<of::Pool>,
        asked: SimTime,
        engine: &mut Engine<'_>,
    ) -> Entry {
        let wanted = engine.state.frames[call.index].target;
        let idle = &mut engine.state.kept[pool];
        let found = idle.iter().rposition(|it| wanted.is_none_or(|wanted| it.to == wanted));
        if let Some(Connection { to, since }) = found.map(|at| idle.remove(at)) {
            engine.state.frames[call.index].target = Some(to);
            Self::note(call, Some(to), since, engine);
            return Entry::Passed;
        }
        match self.open(call, pool, asked, engine) {
            Ok(entry) => entry,
            Err(outcome) => {
                self.give_back(call, true, engine);
                Entry::Rejected(outcome)
            }
        }
    }

    /// Opens a connection for a call; fails with the outcome if there is none to be had.
    fn open(
        &self,
        call: Call<'_>,
        pool: Id<of::Pool>,
        asked: SimTime,
        engine: &mut Engine<'_>,
    ) -> Result<Entry, Outcome> {
        let index = call.index;
        let all = engine.state.pools[pool].in_use() as usize + engine.state.kept[pool].len();
        if all > engine.plan.pools[pool].capacity as usize {
            // Those that are idle lead elsewhere.
            let other = engine.state.kept[pool].remove(0);
            engine.close(other);
        }
        let to = engine.target(index, call.edge).ok_or(Outcome::NoHealthyInstance)?;
        let way = engine.way_of_request(index, to);
        let is_down = way == Way::Open && engine.state.instances[to].crashes > 0;
        if way == Way::Refused || is_down {
            return Err(Outcome::Refused);
        }
        let epoch = engine.state.frames[index].epoch;
        if way == Way::Open && !engine.may_open(to, Waiter { frame: index, epoch }) {
            return Err(Outcome::Refused);
        }
        // What disappears on its way there is no connection to the instance.
        let to = Some(to).filter(|_| way == Way::Open);
        Self::note(call, to, engine.now, engine);
        let span = self.handshake_of(index, engine);
        if span.is_zero() && way == Way::Open {
            return Ok(Entry::Passed);
        }
        let waiter = engine.state.frames.begin_wait(index, Activity::Connecting);
        if way == Way::Open {
            engine.schedule.after(span, Event::Resume(waiter));
        }
        engine.set_rest_of_deadline(engine.plan.pools[pool].wait_deadline, asked, waiter);
        Ok(Entry::GoesOnLater)
    }

    /// Draws the time of a handshake.
    fn handshake_of(&self, index: u32, engine: &Engine<'_>) -> SimDuration {
        let Some(handshake) = self.handshake else { return SimDuration::ZERO };
        let frame = &engine.state.frames[index];
        let tag = Draw::Handshake.of_attempt(frame.rounds);
        let mut draw = frame.key.child(frame.step_number() | tag).draw();
        engine.plan.distributions[handshake].sample_duration(&mut draw)
    }

    fn note(
        call: Call<'_>,
        to: Option<Id<of::Instance>>,
        opened: SimTime,
        engine: &mut Engine<'_>,
    ) {
        let lease = Lease { since: engine.now, opened, to };
        *engine.state.frames.hold(call.index, call.position) = Hold::ConnectionPool(lease);
    }

    /// Gives the place of a call back, with its connection unless that closes.
    fn give_back(&self, call: Call<'_>, closes: bool, engine: &mut Engine<'_>) {
        let pool = call.of_caller(self.first_pool, engine);
        let Hold::ConnectionPool(Lease { since, opened, to }) =
            engine.state.frames.held(call.index, call.position)
        else {
            unreachable!("only a place that was taken is given back")
        };
        if let Some(to) = to {
            let connection = Connection { to, since: opened };
            let is_over = closes
                || engine.state.instances[to].crashes > 0
                || engine.is_scaled_away(to)
                || engine.is_caller_scaled_away(call);
            if is_over {
                engine.close(connection);
            } else {
                engine.state.kept[pool].push(connection);
            }
        }
        let held = engine.now.since(since);
        let frames = &engine.state.frames;
        let next =
            engine.state.pools[pool].release(engine.now, held, |waiter| frames.is_live(waiter));
        if let Some(waiter) = next {
            engine.state.ready.push(Next::Permit(waiter.frame));
        } else if engine.state.kept[pool].len() > self.idle as usize {
            let oldest = engine.state.kept[pool].remove(0);
            engine.close(oldest);
        }
    }

    /// Takes a call on that was first in the queue and has got its place.
    pub(super) fn place_granted(&self, index: u32, engine: &mut Engine<'_>) -> Next {
        let (edge, position) = (engine.edge_of(index), engine.state.frames[index].guards_passed);
        let call = Call { index, edge, position };
        let (pool, mut asked) = (call.of_caller(self.first_pool, engine), engine.now);
        if let Hold::ConnectionPool(lease) = engine.state.frames.held(index, position) {
            asked = lease.since;
            engine.state.pools[pool].note_wait(engine.now.since(asked));
        }
        Self::note(call, None, engine.now, engine);
        match self.connect(call, pool, asked, engine) {
            Entry::Passed => engine.guard_passed(index),
            Entry::GoesOnLater => {
                engine.state.frames[index].guards_passed += 1;
                engine.watch_deadline(index);
                Next::Nothing
            }
            Entry::Rejected(outcome) => engine.leave_guards(index, outcome),
            Entry::Waits => Next::Nothing,
        }
    }
}

impl Engine<'_> {
    /// Opens the connections that are idle when a run begins.
    pub fn open_pools(&mut self) {
        let plan = self.plan;
        for edge in &plan.edges {
            let Some(guard) = edge.pool() else { continue };
            let callees = self.present(edge.callee_instances);
            for caller in 0..edge.caller_instances {
                let pool = guard.first_pool.offset(caller);
                if self.is_number_scaled_away(edge, caller) {
                    continue;
                }
                for number in 0..guard.idle {
                    let to = edge.callee_instances.nth((caller + number) % callees);
                    if self.may_open(to, Waiter { frame: NO_FRAME, epoch: 0 }) {
                        self.state.kept[pool].push(Connection { to, since: self.now });
                    }
                }
            }
        }
    }

    /// Opens a connection at an instance, unless as many are open as it takes.
    fn may_open(&mut self, to: Id<of::Instance>, waiter: Waiter) -> bool {
        let Some(clients) = self.plan.instances[to].clients else { return true };
        let clients = &mut self.state.pools[clients];
        // The queue has no place, and counts whom it turns away.
        clients.try_acquire(self.now) || clients.enqueue(self.now, waiter)
    }

    fn close(&mut self, connection: Connection) {
        if let Some(clients) = self.plan.instances[connection.to].clients {
            let held = self.now.since(connection.since);
            self.state.pools[clients].release(self.now, held, |_| false);
        }
    }

    /// Closes the idle connections of a pool that are chosen.
    fn close_idle(&mut self, pool: Id<of::Pool>, is_chosen: impl Fn(Connection) -> bool) {
        let mut at = 0;
        while let Some(&connection) = self.state.kept[pool].get(at) {
            if is_chosen(connection) {
                self.state.kept[pool].remove(at);
                self.close(connection);
            } else {
                at += 1;
            }
        }
    }

    /// Closes the idle connections, the oldest first, that pools with other settings may not keep.
    pub fn close_surplus_connections(&mut self) {
        let plan = self.plan;
        for edge in &plan.edges {
            let Some(guard) = edge.pool() else { continue };
            for caller in 0..edge.caller_instances {
                let pool = guard.first_pool.offset(caller);
                let free =
                    plan.pools[pool].capacity.saturating_sub(self.state.pools[pool].in_use());
                let most = guard.idle.min(free) as usize;
                while self.state.kept[pool].len() > most {
                    let oldest = self.state.kept[pool].remove(0);
                    self.close(oldest);
                }
            }
        }
    }

    /// Closes the idle connections to an instance that has died.
    pub fn close_idle_connections_to(&mut self, instance: Id<of::Instance>) {
        let plan = self.plan;
        for edge in &plan.edges {
            let is_callee = edge.callee_instances.contains(instance);
            let Some(guard) = edge.pool().filter(|_| is_callee) else { continue };
            for caller in 0..edge.caller_instances {
                let pool = guard.first_pool.offset(caller);
                self.close_idle(pool, |connection| connection.to == instance);
            }
        }
    }

    /// Closes the idle connections of and to instances that an autoscaler has taken away.
    pub fn close_scaled_away(&mut self) {
        let plan = self.plan;
        for edge in &plan.edges {
            let Some(guard) = edge.pool() else { continue };
            let callees = self.present(edge.callee_instances);
            for caller in 0..edge.caller_instances {
                let is_gone = self.is_number_scaled_away(edge, caller);
                let pool = guard.first_pool.offset(caller);
                self.close_idle(pool, |connection| {
                    is_gone || edge.callee_instances.number_of(connection.to) >= callees
                });
            }
        }
    }

    /// The number of the instances of a station, given as all of them, that run.
    fn present(&self, all: Ids<of::Instance>) -> u32 {
        let scalers = self.plan.autoscalers.iter().zip(&self.state.autoscalers);
        let of_station = |station: Id<of::Station>| self.plan.stations[station].instances == all;
        let mut own = scalers.filter(|(plan, _)| of_station(plan.station));
        own.next().map_or(all.len(), |(_, state)| state.running)
    }

    fn is_scaled_away(&self, instance: Id<of::Instance>) -> bool {
        if self.plan.autoscalers.is_empty() {
            return false;
        }
        let station = self.plan.instances[instance].station;
        let all = self.plan.stations[station].instances;
        all.number_of(instance) >= self.present(all)
    }

    fn is_number_scaled_away(&self, edge: &EdgePlan, caller: u32) -> bool {
        edge.is_caller_a_service && self.is_scaled_away(edge.callers().nth(caller))
    }

    fn is_caller_scaled_away(&self, call: Call<'_>) -> bool {
        let place = self.state.frames[call.index].place;
        self.is_number_scaled_away(call.edge, call.edge.number_of_caller(place))
    }
}

impl EdgePlan {
    /// The pool of connections that its callers keep, if they do.
    pub fn pool(&self) -> Option<&ConnectionPool> {
        self.guards.iter().find_map(|guard| match guard {
            Guard::ConnectionPool(pool) => Some(pool),
            _ => None,
        })
    }
}

/// Notes guards inside a pool that send more than one request: each needs a connection of its own.
pub(super) fn check(guards: &[WrittenGuard], problems: &mut Problems) {
    let is_pool = |guard: &WrittenGuard| matches!(guard, WrittenGuard::ConnectionPool(_));
    for guard in guards.iter().skip_while(|guard| !is_pool(guard)).skip(1) {
        let (message, help) = match guard {
            WrittenGuard::ConnectionPool(_) => ("this call has two pools", "keep one of them"),
            WrittenGuard::Retry(_) => (
                "a retry inside a pool tries again over a connection that is broken",
                "put the pool after the retry: each attempt takes a connection",
            ),
            WrittenGuard::Hedge(_) => (
                "a hedge inside a pool has one connection for several requests",
                "leave out the hedge, or the pool",
            ),
            _ => continue,
        };
        problems.error(guard.at(), message, help);
    }
}
