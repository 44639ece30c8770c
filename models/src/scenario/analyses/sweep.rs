//! What a sweep varies, and what it measures.

use super::parameters;
use crate::language::quantity::Share;
use crate::language::{Location, Named, Placed, Problems, section};
use crate::scenario::names::Names;
use crate::scenario::plan::Plan;
use crate::scenario::sentences::{Place, Resolver};
use crate::study::{
    Design, Direction, FigurePlan, MOST_SOBOL_POINTS, Replications, SweepPlan, Values,
};

/// Replications of a point if nothing is said.
const REPLICATIONS: u32 = 5;
/// Most replications of a point for a precision if nothing is said.
const MOST_REPLICATIONS: u32 = 50;
/// Fewer replications say nothing of how uncertain a figure is.
const FEWEST_FOR_PRECISION: u32 = 3;
/// Owen-scrambled Sobol sequences are tabulated up to so many dimensions; Saltelli's design takes
/// two for each parameter.
const MOST_DIMENSIONS: usize = 128;
/// More points than this are a slip of the pen.
const MOST_POINTS: u64 = 1_000_000_000;
/// The figures of each workload that are measured if nothing is said.
const USUAL_FIGURES: [&str; 3] = ["availability", "goodput", "p99"];

section! {
    /// What `fusebox sweep` varies, and what it measures.
    pub(crate) struct Sweep {
        /// For each path, its values: `20..200 step 20`, `100ms..10s log`, a list; `on` leaves what
        /// the file says, `off` takes it away.
        "vary" => vary: Placed<Named<Values>>,
        /// How points are chosen; every combination of levels (grid) if left out.
        "design" => design: Option<Design>,
        /// What is measured; availability, goodput and p99 of each workload if nothing is said.
        "figures" => figures: Vec<Placed<String>>,
        /// Figures of which more is better.
        "maximize" => maximize: Vec<Placed<String>>,
        /// Figures of which less is better.
        "minimize" => minimize: Vec<Placed<String>>,
        /// How often each point is simulated, on random numbers that all points share; 5 if left
        /// out.
        "replications" => replications: Option<Placed<u32>>,
        /// Half-width of the intervals, as a share of the figures, down to which points are
        /// simulated again.
        "precision" => precision: Option<Placed<Share>>,
        /// How often a point is simulated at most for that; 50 if left out.
        "most replications" => most_replications: Option<u32>,
        /// True if points are given up that are clearly worse than another in everything to maximize
        /// or minimize; false if left out.
        "abandon" => abandon: Option<Placed<bool>>,
    }
}

/// Compiles a sweep; its figures become readings of the blueprint.
pub(crate) fn compile_sweep(
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) -> SweepPlan {
    let sweep = &names.file.sweep;
    let figures = compile_figures(sweep, names, plan, problems);
    let compiled = SweepPlan {
        parameters: parameters(&sweep.vary),
        design: sweep.design.unwrap_or(Design::Grid),
        figures,
        replications: sweep.replications(problems),
        abandons: sweep.abandon.as_ref().is_some_and(|abandons| **abandons),
    };
    sweep.check_size(&compiled, problems);
    compiled
}

fn compile_figures(
    sweep: &Sweep,
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
        for (workload, it) in names.file.workloads.iter() {
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

impl Sweep {
    fn replications(&self, problems: &mut Problems) -> Replications {
        let first = self.replications.as_ref().map_or(REPLICATIONS, |number| **number);
        if let Some(at) = self.replications.as_ref().filter(|_| first == 0).map(Placed::at) {
            problems.error(at, "no replications at all", "write at least 1");
        }
        let Some(precision) = &self.precision else {
            return Replications { first, most: first, precision: None };
        };
        if precision.0 == 0.0 {
            let message = "no number of replications gives an exact figure";
            problems.error(precision.at(), message, "write a share such as `5%`");
        }
        let first = first.max(FEWEST_FOR_PRECISION);
        let most = self.most_replications.unwrap_or(MOST_REPLICATIONS).max(first);
        Replications { first, most, precision: Some(precision.0) }
    }

    fn check_size(&self, plan: &SweepPlan, problems: &mut Problems) {
        if plan.abandons && plan.objectives().next().is_none() {
            let at = self.abandon.as_ref().map_or(Location::default(), Placed::at);
            let help = "write figures to maximize or minimize";
            problems.error(at, "nothing says which points are worse", help);
        }
        let at = self.vary.key();
        if plan.points() > MOST_POINTS {
            let help = "take fewer levels, or draw points: `sobol 1024`";
            problems.error(at, format!("these are {} points", plan.points()), help);
        }
        let dimensions = plan.parameters.len();
        let needed = match plan.design {
            Design::Sobol(_) => dimensions,
            Design::Saltelli(_) => 2 * dimensions,
            _ => 0,
        };
        if needed > MOST_DIMENSIONS {
            let message = format!(
                "{dimensions} parameters are more than a Sobol sequence of {MOST_SOBOL_POINTS} points is made for"
            );
            problems.error(at, message, "find out with `morris 10` which of them matter");
        }
    }
}
