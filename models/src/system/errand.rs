//! Calls on which actions of operators and automation depend. Each is made again, after a pause,
//! until it is answered or no longer needed.

use sim_core::random::DrawKey;

use super::activity::Activity;
use super::blueprint::ThroughPlan;
use super::draw::Draw;
use super::engine::Engine;
use super::frame::NO_FRAME;
use super::id::{Id, of};
use super::role::Role;
use super::state::Next;
use crate::Outcome;
use crate::resources::Waiter;

/// Something that depends on a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    /// An action of an operator.
    Order(Id<of::Order>),
    /// A new instance, which an autoscaler asks for.
    Instance(Id<of::Autoscaler>),
    /// The beginning of a deployment or of its next batch, by its trigger.
    Batch(Id<of::Trigger>),
    /// The delivery of an alert.
    Alert(Id<of::Alert>),
}

/// The kind of thing that depends on a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Order,
    Instance,
    Batch,
    Alert,
}

impl Errand {
    /// The kind of thing, and its number among those of its kind.
    fn packed(self) -> (Purpose, u32) {
        match self {
            Self::Order(order) => (Purpose::Order, order.number()),
            Self::Instance(scaler) => (Purpose::Instance, scaler.number()),
            Self::Batch(trigger) => (Purpose::Batch, trigger.number()),
            Self::Alert(alert) => (Purpose::Alert, alert.number()),
        }
    }

    /// The thing of a kind with a number: a frame has no room for both in one place.
    fn unpacked(purpose: Purpose, number: u32) -> Self {
        let place = number as usize;
        match purpose {
            Purpose::Order => Self::Order(Id::new(place)),
            Purpose::Instance => Self::Instance(Id::new(place)),
            Purpose::Batch => Self::Batch(Id::new(place)),
            Purpose::Alert => Self::Alert(Id::new(place)),
        }
    }
}

impl Engine<'_> {
    /// Makes the call on which something depends; `number` tells the calls of one thing apart.
    pub fn ask(&mut self, errand: Errand, through: ThroughPlan, number: u32) -> Next {
        let (purpose, of) = errand.packed();
        let tag = Draw::Order.tag() | (purpose as u64) << 32 | u64::from(of);
        let seed = self.state.workloads.iter().next().map_or(0, |first| first.key.bits());
        let key = DrawKey::default().child(tag).child(seed);
        let key = if number == 0 { key } else { key.child(u64::from(number)) };
        let is_counted = self.state.has_warmed_up;
        let index =
            self.allocate(key, Role::Operator(purpose), Id::NOWHERE, through.entry, is_counted);
        let frame = &mut self.state.frames[index];
        frame.admitted_as = of;
        frame.caller = Waiter { frame: NO_FRAME, epoch: number };
        self.state.frames.set_request(index, key.bits());
        Next::Run(index)
    }

    /// Handles the end of a call on which something depends: that happens, or it is asked for again
    /// after a pause.
    #[cold]
    pub fn errand_ended(&mut self, index: u32, purpose: Purpose, outcome: Outcome) -> Next {
        let (errand, number) = self.errand_of(index, purpose);
        let Some(through) = self.needed(errand, number) else {
            self.state.frames.release(index);
            return Next::Nothing;
        };
        if outcome.is_good() {
            self.state.frames.release(index);
            self.errand_done(errand, number);
            return Next::Nothing;
        }
        self.state.recorder.errand_fails(self.now, errand);
        let frame = &mut self.state.frames[index];
        frame.key = frame.key.child(1);
        frame.step = frame.entry;
        self.wait(index, Activity::AskingAgain, through.again_after)
    }

    /// Makes the call on which something depends again, after a pause, if it is still needed.
    #[cold]
    pub fn ask_again(&mut self, index: u32) -> Next {
        if let Role::Operator(purpose) = self.state.frames[index].role {
            let (errand, number) = self.errand_of(index, purpose);
            if self.needed(errand, number).is_some() {
                return Next::Run(index);
            }
        }
        self.state.frames.release(index);
        Next::Nothing
    }

    /// The thing that depends on the call of a frame, and the number of the call among those for it.
    fn errand_of(&self, index: u32, purpose: Purpose) -> (Errand, u32) {
        let frame = &self.state.frames[index];
        (Errand::unpacked(purpose, frame.admitted_as), frame.caller.epoch)
    }

    /// The call that something depends on; `None` if it is no longer needed.
    fn needed(&self, errand: Errand, number: u32) -> Option<ThroughPlan> {
        match errand {
            Errand::Order(order) => self.plan.orders[order].through,
            Errand::Instance(scaler) => self.still_asks(scaler, number),
            Errand::Batch(trigger) => self.plan.triggers[trigger].through,
            Errand::Alert(alert) => self.still_tells(alert, number),
        }
    }

    fn errand_done(&mut self, errand: Errand, number: u32) {
        match errand {
            // Goes through the event list: the settings may change, and nothing of this instant may
            // still be on its way.
            Errand::Order(order) => self.order_may_go_on(order),
            Errand::Instance(scaler) => self.instance_is_granted(scaler, number),
            Errand::Batch(trigger) => self.trigger_pulled(trigger),
            Errand::Alert(_) => {}
        }
        self.state.recorder.errand_done(self.now, errand);
    }
}
