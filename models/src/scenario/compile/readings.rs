//! What is measured for a sweep, and what varies.

use super::super::asked::Sweep;
use super::super::problem::Problem;
use super::Compiler;
use super::expectations::Place;
use crate::expect::grammar::read_reading;
use crate::expect::sentence::WrittenReading;
use crate::expect::{Reading, Throughout, Wanted};
use crate::study::{
    Design, Direction, FigurePlan, MOST_SOBOL_POINTS, Parameter, Replications, SweepPlan,
};
use crate::system::Prices;

/// Replications of a point if nothing is said.
const REPLICATIONS: u32 = 5;
/// Most replications of a point for a precision if nothing is said.
const MOST_REPLICATIONS: u32 = 50;
/// Fewer say nothing of how uncertain a figure is.
const FEWEST_FOR_PRECISION: u32 = 3;
/// Owen-scrambled Sobol sequences are tabulated up to so many dimensions; Saltelli's design takes
/// two for each parameter.
const MOST_DIMENSIONS: usize = 128;

impl Compiler<'_> {
    pub(super) fn prices(&mut self) {
        let written = self.scenario.prices;
        for (name, price) in [
            ("instance", written.instance),
            ("thread", written.thread),
            ("slot", written.slot),
            ("connection", written.connection),
        ] {
            if !(price >= 0.0 && price.is_finite()) {
                let at = self.value_at(&format!("prices.{name}"));
                self.error(
                    at,
                    format!("{price} is not a price"),
                    "write a number of at least zero",
                );
            }
        }
        let (instance, thread) = (written.instance, written.thread);
        self.blueprint.prices =
            Prices { instance, thread, slot: written.slot, connection: written.connection };
    }

    /// The plan of a sweep; its figures become readings of the blueprint.
    pub(super) fn sweep(&mut self) -> SweepPlan {
        let scenario = self.scenario;
        let sweep = &scenario.sweep;
        let mut figures = Vec::new();
        let wanted = [
            ("maximize", &sweep.maximize, Some(Direction::Higher)),
            ("minimize", &sweep.minimize, Some(Direction::Lower)),
            ("figures", &sweep.figures, None),
        ];
        for (key, texts, better) in wanted {
            for (index, text) in texts.iter().enumerate() {
                self.figure(text, &format!("sweep.{key}[{index}]"), better, &mut figures);
            }
        }
        if figures.is_empty() {
            for workload in scenario.workloads.keys() {
                for figure in ["availability", "goodput", "p99"] {
                    self.figure(
                        &format!("{figure} of {workload}"),
                        "workloads",
                        None,
                        &mut figures,
                    );
                }
            }
        }
        let parameters = sweep.vary.iter();
        let parameters = parameters
            .map(|(path, values)| Parameter { path: path.clone(), values: values.clone() })
            .collect();
        let plan = SweepPlan {
            parameters,
            design: sweep.design.unwrap_or(Design::Grid),
            figures,
            replications: self.replications(sweep),
            abandons: sweep.abandon,
        };
        self.check_size(&plan);
        plan
    }

    fn figure(
        &mut self,
        text: &str,
        path: &str,
        better: Option<Direction>,
        figures: &mut Vec<FigurePlan>,
    ) {
        if figures.iter().any(|figure| figure.text == text) {
            return;
        }
        if let Some(reading) = self.reading(text, path) {
            figures.push(FigurePlan { text: text.to_owned(), unit: reading.wanted.unit(), better });
            self.blueprint.readings.push(reading);
        }
    }

    fn replications(&mut self, sweep: &Sweep) -> Replications {
        let first = sweep.replications.unwrap_or(REPLICATIONS);
        let precision = sweep.precision.map(|share| share.0);
        if first == 0 {
            let at = self.value_at("sweep.replications");
            self.error(at, "no replications at all", "write at least 1");
        }
        if precision == Some(0.0) {
            let at = self.value_at("sweep.precision");
            self.error(
                at,
                "no number of replications gives an exact figure",
                "write a share such as `5%`",
            );
        }
        let first = if precision.is_some() { first.max(FEWEST_FOR_PRECISION) } else { first };
        let most = if precision.is_some() {
            sweep.most_replications.unwrap_or(MOST_REPLICATIONS)
        } else {
            first
        };
        Replications { first, most: most.max(first), precision }
    }

    fn check_size(&mut self, plan: &SweepPlan) {
        let at = self.value_at("sweep");
        if plan.abandons && plan.objectives().next().is_none() {
            let at = self.value_at("sweep.abandon");
            self.error(
                at,
                "nothing says which points are worse",
                "write figures to maximize or minimize",
            );
        }
        if plan.points() > 1_000_000_000 {
            self.error(
                at,
                format!("these are {} points", plan.points()),
                "take fewer levels, or draw points: `sobol 1024`",
            );
        }
        let (dimensions, needed) =
            (plan.parameters.len(), if matches!(plan.design, Design::Saltelli(_)) { 2 } else { 1 });
        if dimensions * needed > MOST_DIMENSIONS
            && matches!(plan.design, Design::Sobol(_) | Design::Saltelli(_))
        {
            let message = format!(
                "{dimensions} parameters are more than a Sobol sequence of {MOST_SOBOL_POINTS} points is made for"
            );
            self.problems.add(
                Problem::error(message, at)
                    .with_help("find out with `morris 10` which of them matter"),
            );
        }
    }

    /// A figure that is read off a run when it is over.
    pub(super) fn reading(&mut self, text: &str, path: &str) -> Option<Reading> {
        let place = Place { path: path.to_owned(), text };
        let wanted = match read_reading(text) {
            Err(unreadable) => {
                self.unreadable(&unreadable, &place);
                return None;
            }
            Ok(WrittenReading::Cost) => Wanted::Cost,
            Ok(WrittenReading::Figure { figure, window }) => {
                let measure = self.measure(&figure, &place)?;
                let window = self.optional_window(window.as_ref(), &place).ok()?;
                self.check_known_then(&measure, &figure, window.is_some(), &place)?;
                self.keep_latencies(&measure, Throughout::Window, window);
                Wanted::Figure { measure, window }
            }
            Ok(WrittenReading::Recovery { figure, share, window }) => {
                let (measure, normal, window) = self.coming_back(&figure, &window, &place)?;
                Wanted::Recovery { measure, share, normal, window }
            }
        };
        Some(Reading { text: text.to_owned(), wanted, bound: None })
    }
}
