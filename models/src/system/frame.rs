//! Requests in flight.

use sim_core::SimTime;
use sim_core::random::DrawKey;

use super::blueprint::{NONE, OnFailure};
use crate::Outcome;
use crate::guards::Hold;
use crate::resources::Waiter;

/// Whose steps a frame runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A request of an open workload, or a user of a closed one.
    Client,
    /// A request at a station, which holds one of its slots.
    Handler,
    /// One branch of a fork; it holds nothing of its own.
    Branch,
    /// A call that was put off and is made up for; it has no handler.
    Deferred,
    /// A message that is delivered; its instance is its queue.
    Consumer,
    /// A call in place of a message that has expired; its instance is the queue.
    Compensation,
}

/// What a frame is doing: which event, grant or reply will wake it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activity {
    /// Not in use.
    Free,
    /// Running steps; nothing is awaited.
    Running,
    /// On its way to the callee.
    InTransit,
    /// Waits for a slot of its instance.
    Queued,
    /// Waits out what a fault adds to the work it is about to do.
    Delayed,
    /// Waits for a processor.
    AwaitingProcessor,
    /// Computes, and holds a processor if those are limited.
    Working,
    /// Waits on its thread.
    Pausing,
    /// Waits until a queue has taken its message.
    Sending,
    /// Waits for what another request is fetching into a cache.
    AwaitingFetch,
    /// Waits for a permit of a bulkhead, or for the end of a breaker's test.
    AwaitingPermit,
    /// Waits for its turn at a rate limit.
    AwaitingTurn,
    /// Waits at a rate limit that will turn it away.
    WaitingInVain,
    /// Has called and waits for the answer.
    AwaitingReply,
    /// Waits before the next attempt.
    BackingOff,
    /// Fetches a substitute.
    FallingBack,
    /// Waits for its branches.
    AwaitingBranches,
    /// Its answer is on its way to the caller.
    ReplyInTransit,
    /// A user between two requests.
    Thinking,
}

impl Activity {
    /// Whether it is making a call: on its way through the guards, or waiting for what follows.
    pub fn is_in_call(self) -> bool {
        matches!(
            self,
            Self::AwaitingPermit
                | Self::AwaitingTurn
                | Self::WaitingInVain
                | Self::AwaitingReply
                | Self::BackingOff
                | Self::FallingBack
        )
    }
}

/// A request in flight: where it is in its handler, what it holds, and who waits for it.
///
/// Aligned to two cache lines: finding a frame is then a shift, and no frame shares a line with
/// another.
#[derive(Clone, Debug)]
#[repr(align(128))]
pub(crate) struct Frame {
    /// What its draws are keyed by.
    pub key: DrawKey,
    /// When it arrived at its instance.
    pub entered_at: SimTime,
    /// When it was given a slot.
    pub started_at: SimTime,
    /// When it began the call it is making.
    pub call_began: SimTime,
    /// Since when it has waited for, or held, a processor; while it makes a call, when the present
    /// attempt began.
    pub since: SimTime,
    /// When whoever asked for it will have given up, as far as it was told; [`SimTime::MAX`] if
    /// never.
    pub deadline: SimTime,
    /// Changes whenever whatever was awaited no longer is; a reference with another epoch is stale.
    pub epoch: u32,
    /// Who waits for its answer, and in which epoch of theirs.
    pub caller: Waiter,
    /// The edge it came by.
    pub edge: u32,
    /// The edge of the call it is making.
    pub called_edge: u32,
    /// The first step of the operation it calls.
    pub called_entry: u32,
    /// The present step, and the first one of its handler.
    pub step: u32,
    /// The first step of its handler.
    pub entry: u32,
    /// The instance it runs on; for a client, its workload.
    pub instance: u32,
    /// The instance it calls.
    pub target: u32,
    /// The frame at the callee that was given the present attempt.
    pub callee: u32,
    /// How long the callee of the present call asks to stay away, in milliseconds.
    pub told_to_stay_away: u32,
    /// How long its own caller will be asked to, in milliseconds.
    pub retry_after: u32,
    /// Attempts made of the present call.
    pub attempts: u32,
    /// Requests that were in flight at its instance when it was admitted, itself included; if the
    /// instance has a gate.
    pub admitted_as: u32,
    /// Counts the timeouts around whole calls that it has set, over all its lives: each is told
    /// from the others by its number.
    pub timeouts_set: u32,
    /// Branches still running.
    pub branches: u16,
    /// How often the present call has been sent in, the first time included.
    pub rounds: u16,
    /// What it is doing.
    pub activity: Activity,
    /// What a failure of the present call means to its handler.
    pub on_failure: OnFailure,
    /// How many guards of the present call it has passed.
    pub guards_passed: u8,
    /// Guards of the present call from here inwards try nothing again: the time for all of it is
    /// up.
    pub given_up_from: u8,
    /// Whose steps it runs.
    pub role: Role,
    /// What it will answer if nothing else happens.
    pub outcome: Outcome,
    /// Whether the call made last has failed.
    pub has_failed_call: bool,
    /// Whether it began after the warm-up.
    pub is_counted: bool,
    /// Its class, 0 being the highest.
    pub priority: u8,
    /// Whether the call that it makes takes the place of one that has failed.
    pub is_alternative: bool,
}

impl Frame {
    /// A frame that nobody has used yet.
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
            edge: NONE,
            called_edge: NONE,
            called_entry: NONE,
            step: 0,
            entry: 0,
            instance: NONE,
            target: NONE,
            callee: NONE,
            told_to_stay_away: 0,
            retry_after: 0,
            attempts: 0,
            admitted_as: 0,
            timeouts_set: 0,
            branches: 0,
            rounds: 0,
            activity: Activity::Free,
            on_failure: OnFailure::Fail,
            guards_passed: 0,
            given_up_from: u8::MAX,
            role: Role::Client,
            outcome: Outcome::Ok,
            has_failed_call: false,
            is_counted: false,
            priority: 0,
            is_alternative: false,
        }
    }

    /// Begins a life at the first step of a handler, for nobody in particular. What is not set here
    /// is set before it is read: what belongs to a stay at an instance when it begins, what belongs
    /// to a call when that begins.
    #[inline]
    fn begin(&mut self, key: DrawKey, role: Role, instance: u32, entry: u32, is_counted: bool) {
        self.key = key;
        self.deadline = SimTime::MAX;
        self.caller = NO_CALLER;
        self.edge = NONE;
        (self.step, self.entry) = (entry, entry);
        self.instance = instance;
        self.retry_after = 0;
        self.activity = Activity::Running;
        self.role = role;
        self.outcome = Outcome::Ok;
        self.has_failed_call = false;
        self.is_counted = is_counted;
        self.is_alternative = false;
    }

    /// Whether it runs on an instance: clients and messages do not.
    pub fn is_on_an_instance(&self) -> bool {
        !matches!(self.role, Role::Client | Role::Consumer | Role::Compensation)
    }

    /// The number of the present step within its handler: what its draws are keyed by.
    #[inline]
    pub fn step_number(&self) -> u64 {
        u64::from(self.step - self.entry)
    }
}

const NO_CALLER: Waiter = Waiter { frame: NONE, epoch: 0 };

/// A call that has failed, while another service is asked in its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FailedCall {
    /// Its call site.
    pub site: u32,
    /// When it began.
    pub since: SimTime,
    /// How many of its fallbacks have been tried.
    pub tried: u8,
}

/// All frames, in use or free. Freed frames are used again, the last first, so memory follows the
/// most ever in flight.
#[derive(Clone, Debug)]
pub(crate) struct Frames {
    slots: Vec<Frame>,
    free: Vec<u32>,
    /// What the guards keep, `depth` of them for each frame.
    holds: Vec<Hold>,
    depth: usize,
    /// The request of a workload that each frame works for, if anything depends on it.
    requests: Vec<u64>,
    tracks_requests: bool,
}

impl Frames {
    /// No frames yet, for calls with at most `depth` guards.
    pub fn new(depth: usize, tracks_requests: bool) -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            holds: Vec::new(),
            depth,
            requests: Vec::new(),
            tracks_requests,
        }
    }

    /// The request of a workload that a frame works for; zero if nothing depends on that.
    pub fn request(&self, index: u32) -> u64 {
        self.requests.get(index as usize).copied().unwrap_or(0)
    }

    /// Says which request a frame works for.
    #[inline]
    pub fn set_request(&mut self, index: u32, request: u64) {
        if self.tracks_requests {
            self.requests[index as usize] = request;
        }
    }

    /// What the guard at a position keeps about the call of a frame.
    #[inline]
    pub fn hold(&mut self, index: u32, position: u8) -> &mut Hold {
        &mut self.holds[index as usize * self.depth + usize::from(position)]
    }

    /// The same, to look at.
    #[inline]
    pub fn held(&self, index: u32, position: u8) -> Hold {
        self.holds[index as usize * self.depth + usize::from(position)]
    }

    /// What is kept about a call that has failed, while another takes its place.
    pub fn failed_call(&mut self, index: u32) -> &mut Hold {
        &mut self.holds[(index as usize + 1) * self.depth - 1]
    }

    /// Whether a timeout that the guard at a position has set is still in force.
    pub fn is_timeout_set(&self, waiter: Waiter, position: u8) -> bool {
        matches!(self.held(waiter.frame, position), Hold::Timeout(set) if set.number == waiter.epoch)
    }

    /// The first branch from `from` on whose end this waiter waits for.
    pub fn next_working_for(&self, caller: Waiter, from: u32) -> Option<u32> {
        let works_for = |frame: &Frame| {
            frame.role == Role::Branch && frame.activity != Activity::Free && frame.caller == caller
        };
        let found = self.slots.get(from as usize..)?.iter().position(works_for)?;
        Some(from + found as u32)
    }

    /// A running frame at the first step of a handler, in an epoch of its own.
    #[inline]
    pub fn allocate(
        &mut self,
        key: DrawKey,
        role: Role,
        instance: u32,
        entry: u32,
        is_counted: bool,
    ) -> u32 {
        let index = self.free.pop().unwrap_or_else(|| self.grow());
        self.slots[index as usize].begin(key, role, instance, entry, is_counted);
        index
    }

    #[cold]
    fn grow(&mut self) -> u32 {
        self.slots.push(Frame::blank());
        self.holds.resize(self.slots.len() * self.depth, Hold::Nothing);
        if self.tracks_requests {
            self.requests.push(0);
        }
        (self.slots.len() - 1) as u32
    }

    /// Gives a frame up; references to it are stale from here on.
    #[inline]
    pub fn release(&mut self, index: u32) {
        let frame = &mut self.slots[index as usize];
        debug_assert!(frame.activity != Activity::Free, "a frame is given up once");
        frame.activity = Activity::Free;
        frame.epoch = frame.epoch.wrapping_add(1);
        self.free.push(index);
    }

    /// Begins a wait: all earlier references become stale, and the returned one is live until the
    /// next wait begins or the frame is given up. Whatever wakes a frame ends in one of the two
    /// before the next event is handled.
    #[inline]
    pub fn begin_wait(&mut self, index: u32, activity: Activity) -> Waiter {
        let frame = &mut self.slots[index as usize];
        frame.epoch = frame.epoch.wrapping_add(1);
        frame.activity = activity;
        Waiter { frame: index, epoch: frame.epoch }
    }

    /// Whether a reference still means what it meant when it was made.
    #[inline]
    pub fn is_live(&self, waiter: Waiter) -> bool {
        self.slots.get(waiter.frame as usize).is_some_and(|frame| frame.epoch == waiter.epoch)
    }

    /// Frames in use.
    pub fn in_use(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Indices of the frames in use that satisfy `condition`, in order.
    pub fn matching(&self, condition: impl Fn(&Frame) -> bool) -> Vec<u32> {
        let is_match = |index: &u32| {
            let frame = &self.slots[*index as usize];
            frame.activity != Activity::Free && condition(frame)
        };
        (0..self.slots.len() as u32).filter(is_match).collect()
    }

    /// Bytes held.
    pub fn bytes(&self) -> u64 {
        let holds = self.holds.capacity() * size_of::<Hold>();
        (self.slots.capacity() * size_of::<Frame>()
            + self.free.capacity() * size_of::<u32>()
            + holds
            + self.requests.capacity() * size_of::<u64>()) as u64
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
