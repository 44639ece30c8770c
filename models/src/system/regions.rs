//! Regions and the distances between them, customers, and keys of caches.

use sim_core::SimDuration;
use sim_core::random::{DrawKey, uniform};

use super::activity::Activity;
use super::blueprint::Blueprint;
use super::draw::Draw;
use super::engine::Engine;
use super::frame::customer_bits;
use super::id::{Id, of};
use super::role::{Role, TaskOf};
use super::state::{Next, State};
use crate::Outcome;
use crate::resources::{LookUp, Waiter};

impl Engine<'_> {
    /// Returns the region of a frame, if it has one.
    pub fn region_of(&self, index: u32) -> Option<Id<of::Region>> {
        let frame = &self.state.frames[index];
        match frame.role {
            Role::Client | Role::Task(TaskOf::Workload) => {
                self.plan.workloads[frame.workload()].region
            }
            Role::Consumer
            | Role::Compensation
            | Role::Operator(_)
            | Role::Probe
            | Role::Task(TaskOf::Queue) => None,
            Role::Handler
            | Role::Branch
            | Role::Deferred
            | Role::Start
            | Role::Task(TaskOf::Instance) => self.plan.instances[frame.instance()].region,
        }
    }

    /// Returns the region that a request at an instance, or on its way there, comes from; `None`
    /// if it comes from none, or if that cannot be told any more.
    pub fn region_of_caller(&self, callee: u32) -> Option<Id<of::Region>> {
        let frame = &self.state.frames[callee];
        match self.plan.edges[frame.edge].caller_regions[..] {
            [region] => region,
            _ if self.state.frames.is_live(frame.caller) => self.region_of(frame.caller.frame),
            // Nobody waits for the answer any more; a request on its way knows where it is from.
            _ if frame.activity == Activity::InTransit => frame.sent_from(),
            _ => None,
        }
    }

    /// Passes the request's identity on to the callee and, if there are regions, adds the time for
    /// the distance.
    #[cold]
    pub fn send_far(&mut self, index: u32, callee: u32, key: DrawKey) -> Option<Next> {
        self.state.frames.set_request(callee, self.state.frames.request(index));
        if self.plan.distances.is_empty() {
            return None;
        }
        let region = self.region_of(index);
        self.state.frames[callee].set_sent_from(region);
        if self.goes_over_link(callee) {
            return Some(self.send_over_link(callee, Activity::InTransit));
        }
        let key = key.child(Draw::RequestLatency.tag());
        let latency = self.latency_between(callee, index, key);
        Some(if latency.is_zero() {
            Next::Arrive(callee)
        } else {
            self.wait(callee, Activity::InTransit, latency)
        })
    }

    /// Draws the time that a message between a request at an instance and its caller takes.
    pub fn latency_between(&self, callee: u32, caller: u32, key: DrawKey) -> SimDuration {
        let latency = self.network_latency(self.state.frames[callee].edge, key);
        if self.plan.distances.is_empty() {
            return latency;
        }
        let distance = self.distance(self.region_of(caller), self.region_of(callee), key);
        latency + SimDuration::from_nanos_f64(distance)
    }

    /// Draws the one-way network latency between two regions, in nanoseconds.
    #[cold]
    fn distance(
        &self,
        from: Option<Id<of::Region>>,
        to: Option<Id<of::Region>>,
        key: DrawKey,
    ) -> f64 {
        let (Some(from), Some(to)) = (from, to) else { return 0.0 };
        self.plan.distances[from][to].map_or(0.0, |distance| {
            self.plan.distributions[distance].sample(&mut key.child(1).draw())
        })
    }

    /// Returns the customer whose request a frame works for, numbered from 0.
    pub fn customer_of(&self, index: u32) -> u64 {
        let number = DrawKey::default()
            .child(customer_bits(self.state.frames.request(index)))
            .child(Draw::Customer.tag())
            .bits();
        ((u128::from(number) * u128::from(self.plan.customers)) >> 64) as u64
    }

    /// Looks up what a request needs in a cache; all look-ups of one request in the same cache use
    /// the same key.
    pub fn look_up(&mut self, index: u32, cache: Id<of::Cache>, miss: Id<of::Step>) -> Next {
        let frame = &self.state.frames[index];
        let (step, has_failed) = (frame.step, frame.has_failed_call);
        if has_failed {
            return self.go_to(index, miss);
        }
        let key = self.cache_key(index, cache);
        // A frame that must wait has now started to; one that need not continues at once.
        let reader = self.state.frames.begin_wait(index, Activity::AwaitingFetch);
        match self.state.caches[cache].look_up(self.now, key, reader) {
            LookUp::Wait => Next::Nothing,
            LookUp::Hit => self.go_to(index, step.offset(1)),
            LookUp::Miss => self.go_to(index, miss),
        }
    }

    /// Puts the fetched value into the cache, for those who wait and those who come later.
    pub fn fill(&mut self, index: u32, cache: Id<of::Cache>) -> Next {
        if !self.state.frames[index].has_failed_call && self.is_cache_alive(cache) {
            let key = self.cache_key(index, cache);
            self.state.caches[cache].put(self.now, key);
        }
        self.fetches_over(index, true);
        self.go_to_next(index)
    }

    /// True if a cache has an instance that has not crashed.
    pub fn is_cache_alive(&self, cache: Id<of::Cache>) -> bool {
        let station = self.plan.caches[cache].station;
        let mut instances = self.plan.stations[station].instances.iter();
        instances.any(|instance| self.state.instances[instance].crashes == 0)
    }

    /// Ends all fetches of a frame: those waiting for it get the same result, even if it is a
    /// failure.
    pub fn fetches_over(&mut self, index: u32, is_answered: bool) {
        let next = if is_answered { Next::Fetched } else { Next::NotFetched };
        self.in_order(|engine| {
            let State { caches, frames, ready, .. } = &mut *engine.state;
            for cache in caches.iter_mut().filter(|cache| cache.has_fetches()) {
                let woken: Vec<Waiter> = cache.fetch_over(index);
                let live = woken.into_iter().filter(|waiter| frames.is_live(*waiter));
                ready.extend(live.map(|waiter| next(waiter.frame)));
            }
        });
    }

    /// Wakes a frame whose awaited value has been fetched, or could not be. A paused process
    /// notices when it resumes.
    pub fn fetched(&mut self, index: u32, is_answered: bool) -> Next {
        if self.is_paused(index) {
            let waiter = Waiter { frame: index, epoch: self.state.frames[index].epoch };
            return self.park(index, super::instance::Parked::Resume(waiter));
        }
        if is_answered {
            return self.go_to_next(index);
        }
        self.fails_by_itself(index);
        self.finish(index, Outcome::ServerError)
    }

    fn cache_key(&self, index: u32, cache: Id<of::Cache>) -> u32 {
        let cumulative = &self.plan.caches[cache].settings.cumulative;
        let key = DrawKey::default()
            .child(self.state.frames.request(index))
            .child(Draw::Cache.tag() | u64::from(cache.number()));
        let draw = uniform(&mut key.draw());
        cumulative.partition_point(|cumulative| *cumulative <= draw).min(cumulative.len() - 1)
            as u32
    }

    /// Records the user whose request has ended, if somebody asks, and the customer if it failed.
    #[cold]
    pub fn note_whose_request_ended(&mut self, index: u32, outcome: Outcome) {
        let frame = &self.state.frames[index];
        let (workload, user) = (frame.workload(), frame.caller.frame);
        if !frame.is_counted {
            return;
        }
        if self.plan.watched.users.contains(&workload) {
            self.state.recorder.user_answered(workload, user, outcome.is_good());
        }
        if self.plan.customers > 0 && !outcome.is_good() {
            let customer = self.customer_of(index);
            self.state.recorder.customer_hit(workload, customer);
        }
    }
}

impl Blueprint {
    /// The regions of the instances of a station, which are all `None` if it has none.
    pub fn regions_of(
        &self,
        station: Id<of::Station>,
    ) -> impl Iterator<Item = Option<Id<of::Region>>> {
        let instances = self.stations[station].instances.iter();
        instances.map(|instance| self.instances[instance].region)
    }

    /// True if the instances of a station have regions.
    pub fn has_regions(&self, station: Id<of::Station>) -> bool {
        self.regions_of(station).next().flatten().is_some()
    }
}
