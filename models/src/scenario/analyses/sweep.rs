//! The settings that a sweep varies, and the figures that it measures.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::goals::now;
use super::parameters;
use crate::language::quantity::Share;
use crate::language::tree::Node;
use crate::language::{AnyPath, Location, Named, Placed, Problems, is_name, section};
use crate::scenario::names::Names;
use crate::scenario::plan::Plan;
use crate::scenario::sentences::{Place, Resolver};
use crate::study::{
    Design, Direction, FigurePlan, MOST_SOBOL_POINTS, Parameter, Replications, Values,
};

/// Default number of replications of a point.
const REPLICATIONS: u32 = 5;
/// Default limit on the replications of a point for a precision.
const MOST_REPLICATIONS: u32 = 50;
/// Fewest replications that show how uncertain a figure is.
const FEWEST_FOR_PRECISION: u32 = 3;
/// Most dimensions of an Owen-scrambled Sobol sequence for which there are tables; Saltelli's
/// design takes two for each parameter.
const MOST_DIMENSIONS: usize = 128;
/// Most points; a sweep with more is surely a mistake.
const MOST_POINTS: u64 = 1_000_000_000;
/// The figures of each workload that are measured by default.
const USUAL_FIGURES: [&str; 3] = ["availability", "goodput", "p99"];

/// The settings that vary, the way to choose points, and the figures to measure at each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SweepPlan {
    /// The settings that vary.
    pub parameters: Vec<Parameter>,
    /// The way to choose points.
    pub design: Design,
    /// The figures to measure, including the objectives.
    pub figures: Vec<FigurePlan>,
    /// The number of simulations of each point.
    pub replications: Replications,
    /// True if a point is given up when another one of its block is clearly better in every
    /// objective.
    pub abandons: bool,
    /// The present value of each setting, as the number of its level; `None` if it is not among the values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub now: Vec<Option<f64>>,
}

impl SweepPlan {
    /// The number of points.
    pub fn points(&self) -> u64 {
        self.design.points(&self.parameters)
    }

    /// Checks that the section of a scenario can ask for this plan, for one that was read from a record.
    /// Reading it has checked the values of each setting.
    ///
    /// # Errors
    /// The first thing that no section says.
    pub fn check(&self) -> Result<(), String> {
        if self.parameters.is_empty() {
            return Err("no setting varies".to_owned());
        }
        let paths = self.parameters.iter().map(|parameter| &parameter.path);
        if let Some(path) = repeated(paths) {
            return Err(format!("`{path}` varies twice"));
        }
        if let Some(figure) = repeated(self.figures.iter().map(|figure| &figure.text)) {
            return Err(format!("`{figure}` is measured twice"));
        }
        self.design.check()?;
        self.replications.check()?;
        let flaw = self.flaw_of_abandoning().or_else(|| self.flaw_of_size());
        flaw.map_or(Ok(()), |(message, _)| Err(message))
    }

    /// The reason why no point can be given up, and what to do.
    fn flaw_of_abandoning(&self) -> Option<(String, &'static str)> {
        (self.abandons && self.objectives().next().is_none()).then(|| {
            let message = "`abandon` has no figure that says which points are worse";
            (message.to_owned(), "list figures under `maximize` or `minimize`")
        })
    }

    /// The reason why the sweep is too large, and what to do.
    fn flaw_of_size(&self) -> Option<(String, &'static str)> {
        let points = self.points();
        if points > MOST_POINTS {
            let help = "take fewer levels, or draw points: `sobol 1024`";
            return Some((format!("{points} points are too many"), help));
        }
        let dimensions = self.parameters.len();
        let needed = match self.design {
            Design::Sobol(_) => dimensions,
            Design::Saltelli(_) => 2 * dimensions,
            _ => 0,
        };
        (needed > MOST_DIMENSIONS).then(|| {
            let message = format!(
                "{dimensions} parameters are more than a Sobol sequence of {MOST_SOBOL_POINTS} points is made for"
            );
            (message, "find out with `morris 10` which of them matter")
        })
    }

    /// The objectives among the figures: the index of each, and its better direction.
    pub fn objectives(&self) -> impl Iterator<Item = (usize, Direction)> {
        self.figures.iter().enumerate().filter_map(|(index, figure)| Some((index, figure.better?)))
    }
}

/// The first text that is there twice.
fn repeated<'a>(texts: impl Iterator<Item = &'a String>) -> Option<&'a String> {
    let mut seen = BTreeSet::new();
    texts.into_iter().find(|text| !seen.insert(*text))
}

section! {
    /// Settings that `fusebox sweep` varies, and figures that it measures.
    pub(crate) struct SweepSection {
        /// The settings that vary, each with its values: `20..200 step 20`, `100ms..10s log`, a
        /// list; `on` keeps the value in the file, `off` removes it.
        "vary" => vary: Placed<Named<Values, AnyPath>>,
        /// The way to choose points; every combination of levels (grid) if left out.
        "design" => design: Option<Design>,
        /// The figures to measure; availability, goodput and p99 of each workload if left out.
        "figures" => figures: Vec<Placed<String>>,
        /// Figures of which more is better.
        "maximize" => maximize: Vec<Placed<String>>,
        /// Figures of which less is better.
        "minimize" => minimize: Vec<Placed<String>>,
        /// The number of simulations of each point, on random numbers that all points share; 5 if
        /// left out.
        "replications" => replications: Option<Placed<u32>>,
        /// The half-width of confidence intervals, as a share of the figures, at which a point has
        /// been simulated often enough; a fixed number of replications if left out.
        "precision" => precision: Option<Placed<Share>>,
        /// The most simulations of a point for that precision; 50 if left out.
        "most replications" => most_replications: Option<u32>,
        /// True if a point is given up once another one is clearly better in everything to maximize
        /// or minimize; false if left out.
        "abandon" => abandon: Option<Placed<bool>>,
    }
}

/// Compiles a sweep; its figures become readings of the blueprint.
pub(super) fn compile_sweep(
    tree: &Node,
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) -> SweepPlan {
    let sweep = &names.file.analyses.sweep;
    let figures = compile_figures(sweep, names, plan, problems);
    let parameters = parameters(&sweep.vary);
    let compiled = SweepPlan {
        now: parameters.iter().map(|it| Some(now(it, tree)?.number)).collect(),
        parameters,
        design: sweep.design.unwrap_or(Design::Grid),
        figures,
        replications: sweep.replications(problems),
        abandons: sweep.abandon.as_ref().is_some_and(|abandons| **abandons),
    };
    sweep.check_size(&compiled, problems);
    compiled
}

fn compile_figures(
    sweep: &SweepSection,
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) -> Vec<FigurePlan> {
    let mut figures = Vec::new();
    let wanted = [
        (&sweep.maximize, Some(Direction::Higher)),
        (&sweep.minimize, Some(Direction::Lower)),
        (&sweep.figures, None),
    ];
    let mut resolver = Resolver { names, plan, problems };
    for (texts, better) in wanted {
        for text in texts {
            resolver.figure(&Place::of(text), better, &mut figures);
        }
    }
    if figures.is_empty() {
        // A name that breaks the rule has been noted, and no sentence could say it.
        let workloads = names.file.workloads.iter().filter(|(name, _)| is_name(name));
        for (workload, it) in workloads {
            for figure in USUAL_FIGURES {
                let text = Placed::new(format!("{figure} of {workload}"), it.key());
                resolver.figure(&Place::of(&text), None, &mut figures);
            }
        }
    }
    figures
}

impl Resolver<'_, '_> {
    fn figure(
        &mut self,
        place: &Place<'_>,
        better: Option<Direction>,
        figures: &mut Vec<FigurePlan>,
    ) {
        if figures.iter().any(|figure| figure.text == place.text) {
            return;
        }
        if let Some(reading) = self.reading(place) {
            let (text, unit) = (place.text.to_owned(), reading.wanted.unit());
            figures.push(FigurePlan { text, unit, better });
            self.plan.blueprint.readings.push(reading);
        }
    }
}

impl Replications {
    /// Checks that a section can ask for these numbers, for those that were read from a record.
    fn check(&self) -> Result<(), String> {
        let Self { first, most, precision } = *self;
        let is_possible = match precision {
            None => first >= 1 && most == first,
            Some(share) => {
                first >= FEWEST_FOR_PRECISION && most >= first && share > 0.0 && share <= 1.0
            }
        };
        let flaw = || format!("no sweep has {first} to {most} replications with this precision");
        if is_possible { Ok(()) } else { Err(flaw()) }
    }
}

impl SweepSection {
    fn replications(&self, problems: &mut Problems) -> Replications {
        let first = self.replications.as_ref().map_or(REPLICATIONS, |number| **number);
        if let Some(at) = self.replications.as_ref().filter(|_| first == 0).map(Placed::at) {
            problems.error(at, "there must be at least one replication", "write a number from 1");
        }
        let Some(precision) = &self.precision else {
            return Replications { first, most: first, precision: None };
        };
        if precision.0 == 0.0 {
            let message = "no number of replications reaches a precision of zero";
            problems.error(precision.at(), message, "write a share such as `5%`");
        }
        let first = first.max(FEWEST_FOR_PRECISION);
        let most = self.most_replications.unwrap_or(MOST_REPLICATIONS).max(first);
        Replications { first, most, precision: Some(precision.0) }
    }

    fn check_size(&self, plan: &SweepPlan, problems: &mut Problems) {
        if let Some((message, help)) = plan.flaw_of_abandoning() {
            let at = self.abandon.as_ref().map_or(Location::default(), Placed::at);
            problems.error(at, message, help);
        }
        if let Some((message, help)) = plan.flaw_of_size() {
            problems.error(self.vary.key(), message, help);
        }
    }
}
