//! Messages that go over links: they take turns there, wait, and may be lost.

use sim_core::SimDuration;
use sim_core::random::uniform;

use super::activity::Activity;
use super::draw::Draw;
use super::engine::Engine;
use super::id::{Id, of};
use super::state::Next;
use crate::resources::Link;

/// The longest pause before a message is sent again (RFC 6298, 2.5).
const LONGEST_RETRANSMISSION: SimDuration = SimDuration::from_secs(60);

/// A link that messages of several calls share, with the same limits in both directions.
#[derive(Clone, Debug)]
pub struct LinkPlan {
    /// Its name.
    pub name: String,
    /// The messages of each direction in words: `requests` and `answers`, or the regions from which
    /// and to which they go.
    pub directions: [String; 2],
    /// The time that a message takes; zero if the rate has no limit.
    pub interval: SimDuration,
    /// Most messages that wait in each direction.
    pub queue: u32,
    /// The share of messages that are lost on the way, 0 to 1.
    pub loss: f64,
    /// Time that it adds to each message; `None` if it adds none.
    pub latency: Option<Id<of::Distribution>>,
    /// Time after which a lost message is sent again, which doubles each time; `None` if it is not.
    pub retransmit_after: Option<SimDuration>,
}

/// A link at work.
#[derive(Clone, Debug)]
pub struct LinkState {
    /// The two directions, as the plan names them.
    pub directions: [Link; 2],
}

impl LinkState {
    /// A link at rest.
    pub fn new(plan: &LinkPlan) -> Self {
        let link = Link::new(plan.interval, plan.queue);
        Self { directions: [link.clone(), link] }
    }
}

impl Engine<'_> {
    /// True if the message of a frame goes over a link.
    pub fn goes_over_link(&self, callee: u32) -> bool {
        !self.plan.links.is_empty() && self.link_of(callee).is_some()
    }

    /// The link between a request at an instance and its caller, and the number of the direction in
    /// which requests go.
    fn link_of(&self, callee: u32) -> Option<(Id<of::Link>, usize)> {
        let frame = &self.state.frames[callee];
        let edge = &self.plan.edges[frame.edge];
        if let Some(link) = edge.link {
            return Some((link, 0));
        }
        if self.plan.links_between.is_empty() {
            return None;
        }
        let from = self.region_of_caller(callee)?;
        let to = self.region_of(callee)?;
        let link = self.plan.links_between[from][to]?;
        Some((link, usize::from(from > to)))
    }

    /// Sends the message of a frame over its link: its request, or its answer.
    #[cold]
    pub fn send_over_link(&mut self, callee: u32, activity: Activity) -> Next {
        // A request makes no calls while it is under way: its attempts are those of its message.
        self.state.frames[callee].attempts = 0;
        self.transmit(callee, activity)
    }

    fn transmit(&mut self, callee: u32, activity: Activity) -> Next {
        let Some((id, requests)) = self.link_of(callee) else {
            return self.wait(callee, activity, SimDuration::ZERO);
        };
        let is_answer = activity == Activity::ReplyInTransit;
        let frame = &self.state.frames[callee];
        let (caller, tries) = (frame.caller, frame.attempts);
        let tag = if is_answer { Draw::ReplyLatency.tag() } else { Draw::RequestLatency.tag() };
        let key = frame.key.child(tag);
        let plan = &self.plan.links[id];
        let link = &mut self.state.links[id].directions[requests ^ usize::from(is_answer)];
        let of_try = key.child(Draw::Link.tag() | u64::from(tries));
        let sent = link.send(self.now).filter(|_| {
            let is_lost = plan.loss > 0.0 && uniform(&mut of_try.draw()) < plan.loss;
            link.lost += u64::from(is_lost);
            !is_lost
        });
        let Some(sent) = sent else { return self.lose_message(callee, id, activity) };
        let latency = if self.state.frames.is_live(caller) {
            self.latency_between(callee, caller.frame, key)
        } else {
            self.network_latency(self.state.frames[callee].edge, key)
        };
        let own = plan.latency.map_or(SimDuration::ZERO, |latency| {
            self.plan.distributions[latency].sample_duration(&mut of_try.child(1).draw())
        });
        self.wait(callee, activity, sent + latency + own)
    }

    /// Lets a message be lost: for good, or until it is sent again.
    fn lose_message(&mut self, callee: u32, link: Id<of::Link>, activity: Activity) -> Next {
        let Some(first) = self.plan.links[link].retransmit_after else {
            return self.swallow(callee);
        };
        let frame = &mut self.state.frames[callee];
        let pause =
            SimDuration::from_nanos(first.as_nanos().saturating_mul(1 << frame.attempts.min(32)));
        frame.attempts += 1;
        let activity = match activity {
            Activity::ReplyInTransit => Activity::ResendingReply,
            _ => Activity::ResendingRequest,
        };
        self.wait(callee, activity, pause.min(LONGEST_RETRANSMISSION.max(first)))
    }

    /// Sends a message again that was lost, if anybody still waits: who has given up has closed the
    /// connection.
    #[cold]
    pub fn resend(&mut self, callee: u32, activity: Activity) -> Next {
        if !self.state.frames.is_live(self.state.frames[callee].caller) {
            self.state.frames.release(callee);
            return Next::Nothing;
        }
        if self.is_swallowed(callee) {
            return self.swallow(callee);
        }
        self.transmit(callee, activity)
    }
}
