//! Sections about analyses of many runs, one file each, and about prices.

mod goals;
mod prices;
mod stability;
mod sweep;

pub(crate) use goals::{Goals, compile_goals, goal_readings};
pub(crate) use prices::{PriceSection, compile_prices};
pub(crate) use stability::{StabilitySection, compile_stability};
pub(crate) use sweep::{SweepSection, compile_sweep};

use crate::language::Named;
use crate::study::{Parameter, Values};

/// The settings that vary.
fn parameters(varied: &Named<Values>) -> Vec<Parameter> {
    let parameter = |(path, values): (&String, &crate::language::Placed<Values>)| Parameter {
        path: path.clone(),
        values: (**values).clone(),
    };
    varied.iter().map(parameter).collect()
}
