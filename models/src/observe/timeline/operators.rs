//! Actions of operators, and those that are held up.

use sim_core::SimTime;

use super::{Change, Moment};
use crate::observe::Recorder;
use crate::steps::Op;
use crate::system::{Blueprint, OrderPlan};

/// The actions of operators that do not show by themselves, and the first time that each was held
/// up.
pub(super) fn operator_moments(blueprint: &Blueprint, recorder: &Recorder) -> Vec<Moment> {
    let moment = |(at, order, is_done): &(SimTime, u32, bool)| {
        let order = &blueprint.orders[*order as usize];
        let waits_for = if *is_done { None } else { service(blueprint, order) };
        let change = Change::Operated { what: order.summary.clone(), waits_for };
        Moment { at: *at, change }
    };
    recorder.orders().iter().map(moment).collect()
}

/// The service that an action goes through.
fn service(blueprint: &Blueprint, order: &OrderPlan) -> Option<String> {
    let call = blueprint.program.get(order.through?.entry as usize + 1)?;
    let Op::Call(site) = call else { return None };
    let edge = &blueprint.edges[blueprint.sites[*site as usize].edge as usize];
    Some(blueprint.stations[edge.callee as usize].name.clone())
}
