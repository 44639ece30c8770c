//! Requests in flight.

use sim_core::SimTime;
use sim_core::growth::Growing;
use sim_core::random::DrawKey;

use super::activity::Activity;
use super::blueprint::{Limits, OnFailure};
use super::id::{Id, of};
use super::origin::Origins;
use super::role::{Role, TaskOf};
use crate::Outcome;
use crate::guards::Hold;
use crate::resources::Waiter;

/// The index that stands for no frame.
pub(crate) const NO_FRAME: u32 = u32::MAX;

/// The progress of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It waits to be handled, or takes the steps of its handler.
    Handling,
    /// Its current call replaces one that failed.
    Alternative,
    /// Its handler has come to its end.
    Done,
}

/// A request in flight: its position in its handler, the resources it holds, and its caller.
///
/// The alignment is two cache lines: finding a frame is then a shift, and no two frames share a
/// line.
#[derive(Clone, Debug)]
#[repr(align(128))]
pub(crate) struct Frame {
    /// Key for its random draws.
    pub key: DrawKey,
    /// Time at which it arrived at its instance.
    pub entered_at: SimTime,
    /// Time at which it got a slot.
    pub started_at: SimTime,
    /// Time at which its current call started.
    pub call_began: SimTime,
    /// Time since which it has waited for a processor or held one; during a call, the start of the
    /// current attempt.
    pub since: SimTime,
    /// Time at which its caller will have given up, as far as it has been told; [`SimTime::MAX`] if
    /// never.
    pub deadline: SimTime,
    /// Counter that changes whenever the frame stops waiting for something; a reference with
    /// another epoch is stale.
    pub epoch: u32,
    /// The frame that waits for its answer, with that frame's epoch.
    pub caller: Waiter,
    /// The edge over which a request came.
    pub edge: Id<of::Edge>,
    /// The edge of its current call.
    pub called_edge: Id<of::Edge>,
    /// First step of the operation that it calls.
    pub called_entry: Id<of::Step>,
    /// The current step.
    pub step: Id<of::Step>,
    /// The first step of its handler.
    pub entry: Id<of::Step>,
    /// The place it is at: an instance; for a client, its workload, and for a delivery, its queue.
    pub place: Id<of::Place>,
    /// The instance it calls.
    pub target: Option<Id<of::Instance>>,
    /// The frame at the callee that handles the current attempt.
    pub callee: u32,
    /// Time for which the callee of the current call asks it to stay away (`Retry-After`), in
    /// milliseconds.
    pub retry_after_received: u32,
    /// Time for which it will ask its own caller to stay away, in milliseconds.
    pub retry_after: u32,
    /// Number of attempts of the current call.
    pub attempts: u32,
    /// Number of requests in flight at its instance when it was admitted, including itself; only
    /// set if the instance controls admission. For a call on which something depends, the number of that
    /// (the epoch of its caller is the number of the call).
    pub admitted_as: u32,
    /// Number of timeouts around whole calls that it has set over all its lives; used to tell the
    /// timeouts apart.
    pub timeouts_set: u32,
    /// Number of branches still running.
    pub branches: u16,
    /// Number of times the current call has been sent in, including the first.
    pub rounds: u16,
    /// Its current activity.
    pub activity: Activity,
    /// The effect of a failed call on its handler.
    pub on_failure: OnFailure,
    /// Number of guards that the current call has passed.
    pub guards_passed: u8,
    /// The first guard that a task passes: that of its pool; 0 for other frames.
    pub first_guard: u8,
    /// Guards from this position inwards no longer retry, because the time for the whole call is
    /// up.
    pub given_up_from: u8,
    /// The owner of its steps.
    pub role: Role,
    /// The outcome it will report unless something else happens.
    pub outcome: Outcome,
    /// True if its last call failed.
    pub has_failed_call: bool,
    /// True if it started after the warm-up.
    pub is_counted: bool,
    /// Its class; 0 is the highest.
    pub priority: u8,
    /// Its progress.
    pub stage: Stage,
}

impl Frame {
    /// Creates an unused frame.
    fn blank() -> Self {
        Self {
            key: DrawKey::default(),
            entered_at: SimTime::ZERO,
            started_at: SimTime::ZERO,
            call_began: SimTime::ZERO,
            since: SimTime::ZERO,
            deadline: SimTime::MAX,
            epoch: 0,
            caller: NO_CALLER,
            edge: Id::FIRST,
            called_edge: Id::FIRST,
            called_entry: Id::FIRST,
            step: Id::FIRST,
            entry: Id::FIRST,
            place: Id::NOWHERE,
            target: None,
            callee: NO_FRAME,
            retry_after_received: 0,
            retry_after: 0,
            attempts: 0,
            admitted_as: 0,
            timeouts_set: 0,
            branches: 0,
            rounds: 0,
            activity: Activity::Free,
            on_failure: OnFailure::Fail,
            guards_passed: 0,
            first_guard: 0,
            given_up_from: u8::MAX,
            role: Role::Client,
            outcome: Outcome::Ok,
            has_failed_call: false,
            is_counted: false,
            priority: 0,
            stage: Stage::Handling,
        }
    }

    /// Starts a new life at the first step of a handler, without a caller. Fields that are not set
    /// here are set before they are read: those about a stay at an instance when the stay starts,
    /// those about a call when the call starts.
    #[inline]
    fn begin(
        &mut self,
        key: DrawKey,
        role: Role,
        place: Id<of::Place>,
        entry: Id<of::Step>,
        is_counted: bool,
    ) {
        self.key = key;
        self.deadline = SimTime::MAX;
        self.caller = NO_CALLER;
        (self.step, self.entry) = (entry, entry);
        self.place = place;
        self.retry_after = 0;
        self.activity = Activity::Running;
        self.role = role;
        self.outcome = Outcome::Ok;
        self.has_failed_call = false;
        self.is_counted = is_counted;
        self.stage = Stage::Handling;
        self.first_guard = 0;
    }

    /// The instance that it is at.
    #[inline]
    pub fn instance(&self) -> Id<of::Instance> {
        self.place.of()
    }

    /// The region that a request on its way comes from.
    pub fn sent_from(&self) -> Option<Id<of::Region>> {
        // It has no target of its own yet.
        self.target.map(|region| Id::at(region).of())
    }

    /// Remembers the region that a request on its way comes from.
    pub fn set_sent_from(&mut self, region: Option<Id<of::Region>>) {
        self.target = region.map(|region| Id::at(region).of());
    }

    /// The workload of a client.
    #[inline]
    pub fn workload(&self) -> Id<of::Workload> {
        self.place.of()
    }

    /// The queue of a delivery, or of the call that compensates for a message.
    pub fn queue(&self) -> Id<of::Queue> {
        self.place.of()
    }

    /// True if it runs on an instance, which clients and messages do not.
    pub fn is_on_an_instance(&self) -> bool {
        matches!(
            self.role,
            Role::Handler
                | Role::Branch
                | Role::Deferred
                | Role::Start
                | Role::Task(TaskOf::Instance)
        )
    }

    /// True if it is the task of the pool at a position of its call.
    pub fn is_task_of(&self, position: u8) -> bool {
        matches!(self.role, Role::Task(_)) && self.first_guard == position
    }

    /// The number of the current step within its handler; part of the key for its draws.
    #[inline]
    pub fn step_number(&self) -> u64 {
        u64::from(self.step.number() - self.entry.number())
    }
}

/// The bits of a request's number that all requests of one iteration of a client have, whose
/// customer they decide.
pub(crate) fn customer_bits(request: u64) -> u64 {
    request & 0xFFFF_FFFF_0000_0000
}

const NO_CALLER: Waiter = Waiter { frame: NO_FRAME, epoch: 0 };

/// A failed call, kept while another service is called in its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FailedCall {
    /// The call site.
    pub site: Id<of::CallSite>,
    /// Time at which the call started.
    pub since: SimTime,
    /// Number of fallbacks tried so far.
    pub tried: u8,
    /// Number of attempts made before the present fallback, over whatever edge.
    pub attempts: u32,
}

/// Something of a pool that a frame holds over several steps, or waits for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept {
    /// The pool.
    pub pool: Id<of::Pool>,
    /// The instant at which it was granted, or the wait began.
    pub since: SimTime,
}

/// All frames, in use or free. Freed frames are reused, last freed first, so memory follows the
/// peak number in flight.
#[derive(Clone, Debug)]
pub(crate) struct Frames {
    slots: Vec<Frame>,
    free: Vec<u32>,
    /// State that the guards keep: `depth` entries per frame.
    holds: Vec<Hold>,
    depth: usize,
    /// Resources held over several steps: `nesting` entries per frame, the outermost first.
    kept: Vec<Option<Kept>>,
    nesting: usize,
    /// For each frame, the origins of failures.
    origins: Vec<Origins>,
    /// For each frame, the workload request that it works for; empty if nothing needs it.
    requests: Vec<u64>,
    tracks_requests: bool,
}

impl Frames {
    /// Creates an empty set of frames, for calls with at most `depth` guards and handlers that hold
    /// at most `nesting` things at a time.
    pub fn new(depth: usize, nesting: usize, tracks_requests: bool) -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            holds: Vec::new(),
            depth,
            kept: Vec::new(),
            nesting,
            origins: Vec::new(),
            requests: Vec::new(),
            tracks_requests,
        }
    }

    /// The origins of failures that a frame knows.
    #[inline]
    pub fn origins(&mut self, index: u32) -> &mut Origins {
        &mut self.origins[index as usize]
    }

    /// Returns the workload request that a frame works for; zero if requests are not tracked.
    pub fn request(&self, index: u32) -> u64 {
        self.requests.get(index as usize).copied().unwrap_or(0)
    }

    /// Sets the request that a frame works for.
    #[inline]
    pub fn set_request(&mut self, index: u32, request: u64) {
        if self.tracks_requests {
            self.requests[index as usize] = request;
        }
    }

    /// Gives a client that has made a request the number of its next one, which belongs to the same
    /// customer.
    #[inline]
    pub fn begin_next_request(&mut self, index: u32) {
        if self.tracks_requests {
            let request = &mut self.requests[index as usize];
            let next = DrawKey::default().child(*request).bits();
            *request = customer_bits(*request) | next >> 32;
        }
    }

    /// Returns the state that the guard at a position keeps about a frame's call.
    #[inline]
    pub fn hold(&mut self, index: u32, position: u8) -> &mut Hold {
        &mut self.holds[index as usize * self.depth + usize::from(position)]
    }

    /// Like [`hold`](Self::hold), but returns a copy.
    #[inline]
    pub fn held(&self, index: u32, position: u8) -> Hold {
        self.holds[index as usize * self.depth + usize::from(position)]
    }

    /// Notes that a frame holds something more.
    pub fn keep(&mut self, index: u32, kept: Kept) {
        let first = index as usize * self.nesting;
        let mut places = self.kept[first..first + self.nesting].iter_mut();
        let free = places.find(|place| place.is_none());
        *free.expect("a handler holds no more than its steps are nested") = Some(kept);
    }

    /// Returns what a frame has taken last and still holds.
    #[inline]
    pub fn last_kept(&mut self, index: u32) -> Option<&mut Kept> {
        let first = index as usize * self.nesting;
        let places = &mut self.kept[first..first + self.nesting];
        places.iter_mut().rev().find_map(Option::as_mut)
    }

    /// True if any handler can hold a resource.
    #[inline]
    pub fn can_keep(&self) -> bool {
        self.nesting > 0
    }

    /// Forgets what a frame has taken last.
    pub fn forget_last_kept(&mut self, index: u32) {
        let first = index as usize * self.nesting;
        let places = &mut self.kept[first..first + self.nesting];
        if let Some(place) = places.iter_mut().rev().find(|place| place.is_some()) {
            *place = None;
        }
    }

    /// Returns the place for a failed call, kept while another call replaces it.
    pub fn failed_call(&mut self, index: u32) -> &mut Hold {
        &mut self.holds[(index as usize + 1) * self.depth - 1]
    }

    /// True if the timeout set by the guard at a position is still in force.
    pub fn is_timeout_set(&self, waiter: Waiter, position: u8) -> bool {
        matches!(self.held(waiter.frame, position), Hold::Timeout(set) if set.number == waiter.epoch)
    }

    /// Returns the first branch, from index `from` on, whose end this waiter waits for.
    pub fn next_working_for(&self, caller: Waiter, from: u32) -> Option<u32> {
        let works_for = |frame: &Frame| {
            frame.role == Role::Branch && frame.activity != Activity::Free && frame.caller == caller
        };
        let found = self.slots.get(from as usize..)?.iter().position(works_for)?;
        Some(from + found as u32)
    }

    /// Allocates a running frame at the first step of a handler, in an epoch of its own.
    #[inline]
    pub fn allocate(
        &mut self,
        key: DrawKey,
        role: Role,
        place: Id<of::Place>,
        entry: Id<of::Step>,
        is_counted: bool,
    ) -> u32 {
        let index = self.free.pop().unwrap_or_else(|| self.grow());
        self.slots[index as usize].begin(key, role, place, entry, is_counted);
        self.origins[index as usize] = Origins::NOWHERE;
        index
    }

    #[cold]
    fn grow(&mut self) -> u32 {
        self.slots.make_room();
        self.slots.push(Frame::blank());
        let room = self.slots.capacity();
        let missing = |len: usize, each: usize| (room * each).saturating_sub(len);
        self.free.reserve_exact(missing(self.free.len(), 1));
        self.holds.reserve_exact(missing(self.holds.len(), self.depth));
        self.kept.reserve_exact(missing(self.kept.len(), self.nesting));
        self.origins.reserve_exact(missing(self.origins.len(), 1));
        self.origins.push(Origins::NOWHERE);
        self.holds.resize(self.slots.len() * self.depth, Hold::Nothing);
        self.kept.resize(self.slots.len() * self.nesting, None);
        if self.tracks_requests {
            self.requests.make_room();
            self.requests.push(0);
        }
        (self.slots.len() - 1) as u32
    }

    /// Releases a frame; all references to it become stale.
    #[inline]
    pub fn release(&mut self, index: u32) {
        let frame = &mut self.slots[index as usize];
        debug_assert!(frame.activity != Activity::Free, "a frame is released only once");
        frame.activity = Activity::Free;
        frame.epoch = frame.epoch.wrapping_add(1);
        self.free.push(index);
    }

    /// Starts a wait: all earlier references become stale, and the returned one is live until the
    /// next wait starts or the frame is released. Whatever wakes a frame ends in one of the two
    /// before the next event is handled.
    #[inline]
    pub fn begin_wait(&mut self, index: u32, activity: Activity) -> Waiter {
        let frame = &mut self.slots[index as usize];
        frame.epoch = frame.epoch.wrapping_add(1);
        frame.activity = activity;
        Waiter { frame: index, epoch: frame.epoch }
    }

    /// True if a reference is still valid.
    #[inline]
    pub fn is_live(&self, waiter: Waiter) -> bool {
        self.slots.get(waiter.frame as usize).is_some_and(|frame| frame.epoch == waiter.epoch)
    }

    /// Number of frames in use.
    pub fn in_use(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Returns the indices of the frames in use that satisfy `condition`, in order.
    pub fn matching(&self, condition: impl Fn(&Frame) -> bool) -> Vec<u32> {
        let is_match = |index: &u32| {
            let frame = &self.slots[*index as usize];
            frame.activity != Activity::Free && condition(frame)
        };
        (0..self.slots.len() as u32).filter(is_match).collect()
    }

    /// The most frames that limits allow: so many in flight, or as many as fit into the memory.
    pub fn most(&self, limits: Limits) -> u64 {
        // Frames that move to a larger place are in both for a while.
        let each = 2 * size_of::<Frame>()
            + size_of::<u32>()
            + size_of::<Origins>()
            + self.depth * size_of::<Hold>()
            + self.nesting * size_of::<Option<Kept>>()
            + usize::from(self.tracks_requests) * size_of::<u64>();
        limits.in_flight.min(limits.memory / each as u64)
    }

    /// Memory used, in bytes.
    pub fn bytes(&self) -> u64 {
        self.slots.bytes()
            + self.free.bytes()
            + self.holds.bytes()
            + self.kept.bytes()
            + self.origins.bytes()
            + self.requests.bytes()
    }
}

impl std::ops::Index<u32> for Frames {
    type Output = Frame;
    #[inline]
    fn index(&self, index: u32) -> &Frame {
        &self.slots[index as usize]
    }
}

impl std::ops::IndexMut<u32> for Frames {
    #[inline]
    fn index_mut(&mut self, index: u32) -> &mut Frame {
        &mut self.slots[index as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_small_and_what_a_guard_keeps_is_smaller() {
        assert!(size_of::<Frame>() <= 128, "{} bytes", size_of::<Frame>());
        assert!(size_of::<Hold>() <= 32, "{} bytes", size_of::<Hold>());
    }
}
