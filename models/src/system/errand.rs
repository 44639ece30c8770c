//! Calls on which actions of operators and automation depend. Each is made again, after a pause,
//! until it is answered or no longer needed.

use sim_core::random::DrawKey;

use super::activity::Activity;
use super::blueprint::{NONE, ThroughPlan};
use super::draw::Draw;
use super::engine::Engine;
use super::id::Id;
use super::role::Role;
use super::state::Next;
use crate::Outcome;
use crate::resources::Waiter;

/// The kind of thing that depends on a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// An action of an operator, by its number.
    Order,
    /// A new instance, by the number of its autoscaler.
    Instance,
    /// The beginning of a deployment or of its next batch, by the number of the trigger.
    Batch,
    /// The delivery of an alert, by its number.
    Alert,
}

/// Something that depends on a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errand {
    /// The kind of thing.
    pub purpose: Purpose,
    /// Its number.
    pub of: u32,
}

impl Engine<'_> {
    /// Makes the call on which something depends; `number` tells the calls of one thing apart.
    pub fn ask(&mut self, errand: Errand, through: ThroughPlan, number: u32) -> Next {
        let Errand { purpose, of } = errand;
        let tag = Draw::Order.tag() | (purpose as u64) << 32 | u64::from(of);
        let seed = self.state.workloads.iter().next().map_or(0, |first| first.key.bits());
        let key = DrawKey::default().child(tag).child(seed);
        let key = if number == 0 { key } else { key.child(u64::from(number)) };
        let is_counted = self.state.has_warmed_up;
        let index =
            self.allocate(key, Role::Operator(purpose), Id::NOWHERE, through.entry, is_counted);
        let frame = &mut self.state.frames[index];
        frame.admitted_as = of;
        frame.caller = Waiter { frame: NONE, epoch: number };
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
        (Errand { purpose, of: frame.admitted_as }, frame.caller.epoch)
    }

    /// The call that something depends on; `None` if it is no longer needed.
    fn needed(&self, Errand { purpose, of }: Errand, number: u32) -> Option<ThroughPlan> {
        let plan = self.plan;
        let id = of as usize;
        match purpose {
            Purpose::Order => plan.orders[id].through,
            Purpose::Instance => self.still_asks(Id::new(id), number),
            Purpose::Batch => plan.triggers[id].through,
            Purpose::Alert => self.still_tells(of, number),
        }
    }

    fn errand_done(&mut self, errand: Errand, number: u32) {
        match errand.purpose {
            // Goes through the event list: the settings may change, and nothing of this instant may
            // still be on its way.
            Purpose::Order => self.order_may_go_on(errand.of),
            Purpose::Instance => self.instance_is_granted(Id::new(errand.of as usize), number),
            Purpose::Batch => self.trigger_pulled(errand.of),
            Purpose::Alert => {}
        }
        self.state.recorder.errand_done(self.now, errand);
    }
}
