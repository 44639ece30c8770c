//! Calls on which actions of operators and automation depend. Each is made again, after a pause,
//! until it is answered or no longer needed.

use sim_core::SimDuration;
use sim_core::random::DrawKey;

use super::blueprint::ThroughPlan;
use super::frame::{Activity, Role};
use super::state::Next;
use super::turn::{Turn, draw_tag};
use crate::Outcome;

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

impl Turn<'_> {
    /// Makes the call on which something depends; `number` tells the calls of one thing apart.
    pub fn ask(&mut self, errand: Errand, through: ThroughPlan, number: u64) -> Next {
        let Errand { purpose, of } = errand;
        let tag = draw_tag::ORDER | (purpose as u64) << 32 | u64::from(of);
        let seed = self.state.workloads.first().map_or(0, |first| first.key.bits());
        let key = DrawKey::default().child(tag).child(seed);
        let key = if number == 0 { key } else { key.child(number) };
        let is_counted = self.state.has_warmed_up;
        let index = self.allocate(key, Role::Operator(purpose), 0, through.entry, is_counted);
        self.state.frames[index].admitted_as = of;
        self.state.frames.set_request(index, key.bits());
        Next::Run(index)
    }

    /// Handles the end of a call on which something depends: that happens, or it is asked for again
    /// after a pause.
    #[cold]
    pub fn errand_ended(&mut self, index: u32, purpose: Purpose, outcome: Outcome) -> Next {
        let errand = Errand { purpose, of: self.state.frames[index].admitted_as };
        let through = self.needed(errand);
        if outcome.is_good() || through.is_none() {
            self.state.frames.release(index);
            if through.is_some() {
                self.errand_done(errand);
            }
            return Next::Nothing;
        }
        self.state.recorder.errand_fails(self.now, errand);
        let frame = &mut self.state.frames[index];
        frame.key = frame.key.child(1);
        frame.step = frame.entry;
        let pause = through.map_or(SimDuration::ZERO, |through| through.again_after);
        self.wait(index, Activity::Pausing, pause)
    }

    /// The call that something depends on; `None` if it is no longer needed.
    fn needed(&mut self, Errand { purpose, of }: Errand) -> Option<ThroughPlan> {
        let plan = self.plan;
        let id = of as usize;
        match purpose {
            Purpose::Order => plan.orders[id].through,
            Purpose::Instance => self.still_asks(of),
            Purpose::Batch => plan.triggers[id].through,
            Purpose::Alert => self.still_tells(of),
        }
    }

    fn errand_done(&mut self, errand: Errand) {
        match errand.purpose {
            // Goes through the event list: the settings may change, and nothing of this instant may
            // still be on its way.
            Purpose::Order => self.order_may_go_on(errand.of),
            Purpose::Instance => self.instance_is_granted(errand.of),
            Purpose::Batch => self.trigger_pulled(errand.of),
            Purpose::Alert => self.alert_is_told(errand.of),
        }
        self.state.recorder.errand_done(self.now, errand);
    }
}
