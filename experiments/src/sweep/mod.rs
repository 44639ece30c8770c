//! Sweeps: a system at many points of its settings.
//!
//! Every point is simulated with the same replications, so that points differ by their settings and
//! not by luck (common random numbers). What is told of a point depends on the plan and the point's
//! index alone: not on threads, on the order in which points are done, or on the machine that does
//! them.

pub mod analysis;
mod chooser;
mod point;

use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use sim_models::scenario::{Input, Loaded, Overrides, Purpose, load};
use sim_models::study::{Level, SweepPlan};
use sim_models::system::Blueprint;

use crate::parallel::each_in_turn;

pub use chooser::Chooser;
pub use point::{Estimate, Point, State};

/// Points that are compared with one another when some may be given up: few enough to finish
/// together, and the same few however the sweep is divided among machines.
const COMPARED: u64 = 16;

/// A sweep that can be carried out.
#[derive(Clone, Debug)]
pub struct Sweep {
    input: Input,
    overrides: Overrides,
    blueprint: Arc<Blueprint>,
    plan: SweepPlan,
    chooser: Chooser,
}

/// The part of a sweep that one machine does: the `part`th of `parts`, counted from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Which part.
    pub part: u64,
    /// Of how many.
    pub parts: u64,
}

impl Share {
    /// Everything.
    pub const WHOLE: Self = Self { part: 1, parts: 1 };
}

/// Why there is nothing to carry out.
#[derive(Clone, Debug)]
pub enum Unready {
    /// The scenario, or one at the edge of the sweep, has errors.
    Problems(Vec<Loaded>),
    /// No setting varies.
    NothingVaries,
}

impl Sweep {
    /// Reads a scenario and what is to vary in it. Each level of each parameter is tried once,
    /// without running it.
    ///
    /// # Errors
    /// Everything that is wrong with the scenario or with a value of a parameter.
    pub fn prepare(input: Input, overrides: Overrides) -> Result<Self, Unready> {
        let loaded = load(&input, &overrides);
        let (Some(blueprint), Some(plan)) = (loaded.blueprint.clone(), loaded.sweep.clone()) else {
            return Err(Unready::Problems(vec![loaded]));
        };
        if plan.parameters.is_empty() {
            return Err(Unready::NothingVaries);
        }
        let chooser = Chooser::new(&plan, blueprint.run.seed);
        let sweep = Self { input, overrides, blueprint, plan, chooser };
        let unsound = sweep.unsound_levels();
        if unsound.is_empty() { Ok(sweep) } else { Err(Unready::Problems(unsound)) }
    }

    /// The plan.
    pub fn plan(&self) -> &SweepPlan {
        &self.plan
    }

    /// The system that varies.
    pub fn blueprint(&self) -> &Arc<Blueprint> {
        &self.blueprint
    }

    /// A hash over the system and everything it was read from, FNV-1a: what tells two sweeps apart.
    pub fn identity(&self) -> String {
        let text = format!("{:?}", self.blueprint);
        let absorb =
            |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        format!("{:016x}", text.bytes().fold(0xcbf2_9ce4_8422_2325, absorb))
    }

    /// Which values each point has.
    pub fn chooser(&self) -> &Chooser {
        &self.chooser
    }

    /// Ends of ranges and items of lists that no scenario can have, each tried with everything else
    /// as written.
    fn unsound_levels(&self) -> Vec<Loaded> {
        let mut unsound = Vec::new();
        for parameter in &self.plan.parameters {
            let levels = parameter.values.levels();
            let is_range = parameter.values.is_range();
            let tried = levels
                .iter()
                .enumerate()
                .filter(|(place, _)| !is_range || *place == 0 || place + 1 == levels.len());
            for (_, level) in tried {
                let Some(setting) = level.setting.clone() else { continue };
                let loaded = self.load_with(vec![(parameter.path.clone(), setting)]);
                if loaded.blueprint.is_none() {
                    unsound.push(loaded);
                }
            }
        }
        unsound
    }

    /// The system at a point.
    pub fn load(&self, point: u64) -> Loaded {
        self.load_with(settings(&self.plan, &self.chooser.levels(point)))
    }

    fn load_with(&self, values: Vec<(String, String)>) -> Loaded {
        let mut overrides = self.overrides.clone();
        if let Purpose::Sweep(request) = &mut overrides.purpose {
            request.values = values;
        }
        load(&self.input, &overrides)
    }

    /// The points of a block that is done as one.
    fn block(&self, block: u64) -> Range<u64> {
        let size = self.block_size();
        block * size..((block + 1) * size).min(self.plan.points())
    }

    fn block_size(&self) -> u64 {
        if self.plan.abandons { COMPARED } else { 1 }
    }

    /// How many blocks a part of the sweep has; its n-th is `part - 1 + n * parts`.
    fn blocks_of(&self, share: Share) -> u64 {
        let blocks = self.plan.points().div_ceil(self.block_size());
        blocks.saturating_sub(share.part - 1).div_ceil(share.parts)
    }

    /// How many points a part of the sweep has.
    pub fn points_of(&self, share: Share) -> u64 {
        let points = |block: u64| self.block(share.part - 1 + block * share.parts);
        (0..self.blocks_of(share)).map(|block| points(block).end - points(block).start).sum()
    }

    /// Simulates every point of a part of the sweep that is not done yet, on at most `jobs`
    /// threads, and tells `tell` of those that are done together as soon as they are. `look` is
    /// asked now and then whether to go on; what is under way when it breaks off is lost.
    ///
    /// # Panics
    /// If the operating system refuses to start threads.
    pub fn run(
        &self,
        share: Share,
        is_done: &(dyn Fn(u64) -> bool + Sync),
        jobs: usize,
        look: &(dyn Fn() -> ControlFlow<()> + Sync),
        tell: &(dyn Fn(Vec<Point>) -> ControlFlow<()> + Sync),
    ) -> ControlFlow<()> {
        each_in_turn(self.blocks_of(share), jobs, &|place| {
            let block = self.block(share.part - 1 + place * share.parts);
            if block.clone().all(is_done) {
                return ControlFlow::Continue(());
            }
            point::measure(self, block, look).map_or(ControlFlow::Break(()), tell)
        })
    }
}

/// What a point sets; what it leaves as written is not named.
pub(crate) fn settings(plan: &SweepPlan, levels: &[Level]) -> Vec<(String, String)> {
    let parameters = plan.parameters.iter().zip(levels);
    parameters
        .filter_map(|(parameter, level)| Some((parameter.path.clone(), level.setting.clone()?)))
        .collect()
}
