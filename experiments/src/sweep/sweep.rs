//! All points of a sweep, or those of one shard.

use std::ops::Range;
use std::sync::Arc;

use sim_models::scenario::{Input, Loaded, Overrides, Request, SweepPlan, SweepRequest};
use sim_models::system::Blueprint;

use super::measure::measure;
use super::{Chooser, Point};
use crate::parallel::each_in_turn;
use crate::study::{Study, Unready, check_sound, ends_one_by_one, identity, settings};
use crate::watch::{Interrupted, Watch};

/// The number of points that are compared with one another when some may be abandoned: few enough
/// to finish together, and always the same few however the sweep is divided among machines.
pub(super) const COMPARED: u64 = 16;

/// A sweep that is ready to run.
#[derive(Clone, Debug)]
pub struct Sweep {
    study: Study,
    plan: SweepPlan,
    chooser: Chooser,
}

/// The part of a sweep that one machine does: number `part` of `parts`, counted from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// The number of this part, from 1 to `parts`.
    pub part: u64,
    /// The number of parts.
    pub parts: u64,
}

impl Shard {
    /// The whole sweep as one part.
    pub const WHOLE: Self = Self { part: 1, parts: 1 };
}

impl Sweep {
    /// Reads a scenario and the sweep that it or the overrides ask for. Both ends of each range and
    /// every item of each list are checked, without running them.
    ///
    /// # Errors
    /// Everything that is wrong with the scenario or with a value of a parameter, or
    /// [`Unready::NothingAsked`] if no setting varies.
    pub fn prepare(input: Input, overrides: Overrides) -> Result<Self, Unready> {
        let (study, plan) = Study::prepare(input, overrides, |loaded| {
            loaded.analyses.sweep.clone().filter(|plan| !plan.parameters.is_empty())
        })?;
        let chooser = Chooser::new(&plan, study.as_written().run.seed);
        let sweep = Self { study, plan, chooser };
        let ends = ends_one_by_one(&sweep.plan.parameters);
        check_sound(ends.into_iter().map(|values| sweep.load_with(values)))?;
        Ok(sweep)
    }

    /// The plan: parameters, design, figures.
    pub fn plan(&self) -> &SweepPlan {
        &self.plan
    }

    /// The system as it is written.
    pub fn blueprint(&self) -> &Arc<Blueprint> {
        self.study.as_written()
    }

    /// The chooser of each point's values.
    pub fn chooser(&self) -> &Chooser {
        &self.chooser
    }

    /// A hash that tells two sweeps apart: FNV-1a over the system as it is written.
    pub fn identity(&self) -> String {
        identity(self.blueprint())
    }

    /// The number of points in a shard.
    pub fn points_of(&self, shard: Shard) -> u64 {
        self.blocks(shard).map(|points| points.end - points.start).sum()
    }

    /// Simulates the points of a shard for which `is_done` is false, and calls `keep` with those
    /// that are finished together as soon as they are. Points under way when an error or an
    /// interruption ends the sweep are lost.
    ///
    /// # Errors
    /// The first error of `keep`, or [`Interrupted`] if `watch` interrupts the sweep.
    pub fn run<Error: From<Interrupted> + Send>(
        &self,
        shard: Shard,
        is_done: &(dyn Fn(u64) -> bool + Sync),
        watch: &dyn Watch,
        keep: &(dyn Fn(&[Point]) -> Result<(), Error> + Sync),
    ) -> Result<(), Error> {
        let left = self.blocks(shard).flatten().filter(|point| !is_done(*point)).count();
        watch.begin("simulating points", Some(left as u64));
        each_in_turn(0..self.block_count(shard), watch.jobs(), &|place| {
            let block = self.block(shard, place);
            if block.clone().all(is_done) {
                return Ok(());
            }
            let points = measure(self, block, watch)?;
            watch.advance(points.len() as u64);
            keep(&points)
        })
    }

    /// Reads the system at a point.
    pub(super) fn load(&self, point: u64) -> Loaded {
        self.load_with(settings(self.plan.parameters.iter().zip(&self.chooser.levels(point))))
    }

    fn load_with(&self, values: Vec<(String, String)>) -> Loaded {
        let request = match self.study.request() {
            Request::Sweep(request) => request.clone(),
            _ => SweepRequest::default(),
        };
        // The values stand in the place of everything that varies.
        let vary = Vec::new();
        self.study.read_for(Request::Sweep(SweepRequest { values, vary, ..request }))
    }

    /// The number of points in a block; the points of a block are done together.
    fn block_size(&self) -> u64 {
        if self.plan.abandons { COMPARED } else { 1 }
    }

    fn block_count(&self, shard: Shard) -> u64 {
        let blocks = self.plan.points().div_ceil(self.block_size());
        blocks.saturating_sub(shard.part - 1).div_ceil(shard.parts)
    }

    /// The points of the block with this number within a shard. A shard has every n-th block.
    fn block(&self, shard: Shard, place: u64) -> Range<u64> {
        let first = (shard.part - 1 + place * shard.parts) * self.block_size();
        first..(first + self.block_size()).min(self.plan.points())
    }

    fn blocks(&self, shard: Shard) -> impl Iterator<Item = Range<u64>> {
        (0..self.block_count(shard)).map(move |place| self.block(shard, place))
    }
}
