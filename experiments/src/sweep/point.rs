//! The record of a point.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_models::scenario::SweepPlan;

use super::measure::{FEWEST_TO_COMPARE, LIMITS};
use super::sweep::COMPARED;

/// A point that has been simulated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// The index of the point in the sweep.
    pub point: u64,
    /// The number of replications that were simulated.
    pub replications: u32,
    /// The state that the point ended in.
    #[serde(default, skip_serializing_if = "PointState::is_measured")]
    pub state: PointState,
    /// Its figures in the order of the plan; `None` where a replication had nothing to read.
    pub figures: Vec<Option<Estimate>>,
}

/// The state that a point ended in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PointState {
    /// Simulated as often as planned.
    #[default]
    Measured,
    /// Given up, because the point with this index is clearly better in every objective.
    Abandoned(u64),
    /// Not simulated, because its settings do not go together; the message of the first problem.
    Unsound(String),
    /// Given up, because a run reached this limit of the scenario.
    Stopped(String),
}

impl Point {
    /// Checks that a point that was read from a record can be one of a plan's `points`.
    ///
    /// # Errors
    /// The first thing that no point of the plan has.
    pub fn check(&self, plan: &SweepPlan, points: u64) -> Result<(), String> {
        if self.point >= points {
            return Err(format!("the sweep has no point {}", self.point));
        }
        let (found, wanted) = (self.figures.len(), plan.figures.len());
        if found != wanted {
            return Err(format!("it has {found} figures, and the sweep measures {wanted}"));
        }
        self.check_state(plan, points)?;
        self.figures.iter().flatten().try_for_each(|figure| figure.check(self.replications))
    }

    fn check_state(&self, plan: &SweepPlan, points: u64) -> Result<(), String> {
        let (runs, most) = (self.replications, plan.replications.most);
        let has_no_figures = self.figures.iter().all(Option::is_none);
        let is_possible = match &self.state {
            PointState::Measured if plan.figures.is_empty() => runs == 0,
            PointState::Measured => (plan.replications.first..=most).contains(&runs),
            PointState::Abandoned(better) => {
                plan.abandons
                    && (FEWEST_TO_COMPARE..=most).contains(&runs)
                    && self.is_compared_with(*better, points)
            }
            PointState::Unsound(_) => runs == 0 && has_no_figures,
            PointState::Stopped(limit) => {
                runs < most && has_no_figures && LIMITS.contains(&limit.as_str())
            }
        };
        let flaw = || format!("no point of this sweep ends like that after {runs} replications");
        if is_possible { Ok(()) } else { Err(flaw()) }
    }

    /// True if the point was compared with another one, because both are in the same block.
    fn is_compared_with(&self, other: u64, points: u64) -> bool {
        other != self.point && other < points && other / COMPARED == self.point / COMPARED
    }
}

impl PointState {
    /// True if it was simulated as often as planned.
    pub(super) fn is_measured(&self) -> bool {
        *self == Self::Measured
    }
}

/// A mean over replications, with its uncertainty.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Half the length of the 95 % interval; `None` after one replication.
    pub half_width: Option<f64>,
}

impl Estimate {
    fn check(&self, replications: u32) -> Result<(), String> {
        let is_possible =
            |half_width: f64| replications > 1 && half_width.is_finite() && half_width >= 0.0;
        if self.mean.is_finite() && self.half_width.is_none_or(is_possible) {
            return Ok(());
        }
        let half_width = self.half_width.map_or_else(String::new, |width| format!(" ± {width}"));
        Err(format!("{replications} replications have no mean of {}{half_width}", self.mean))
    }
}

#[cfg(test)]
mod tests {
    use sim_models::observe::FigureUnit;
    use sim_models::study::{Design, FigurePlan, Replications};

    use super::*;

    fn flaw(record: &str) -> Option<String> {
        let plan = SweepPlan {
            parameters: Vec::new(),
            design: Design::Random(20),
            figures: vec![FigurePlan {
                text: "availability of web".to_owned(),
                unit: FigureUnit::Share,
                better: None,
            }],
            replications: Replications { first: 3, most: 8, precision: Some(0.1) },
            abandons: true,
            now: Vec::new(),
        };
        let point: Point = serde_json::from_str(record).expect("a record");
        point.check(&plan, 20).err()
    }

    #[test]
    fn records_of_points_are_held_against_the_plan() {
        let figures = r#""figures":[{"mean":0.5,"half_width":0.1}]"#;
        let point = |entries: &str| flaw(&format!("{{{entries},{figures}}}"));
        assert_eq!(point(r#""point":19,"replications":3"#), None);
        assert_eq!(point(r#""point":3,"replications":4,"state":{"abandoned":15}"#), None);
        for impossible in [
            r#""point":20,"replications":3"#,
            r#""point":0,"replications":2"#,
            r#""point":0,"replications":9"#,
            r#""point":3,"replications":4,"state":{"abandoned":3}"#,
            r#""point":3,"replications":4,"state":{"abandoned":16}"#,
            r#""point":3,"replications":2,"state":{"abandoned":15}"#,
            r#""point":3,"replications":0,"state":{"unsound":"no"}"#,
            r#""point":3,"replications":1,"state":{"stopped":"limits.events"}"#,
        ] {
            assert!(point(impossible).is_some(), "{impossible}");
        }
    }

    #[test]
    fn records_of_points_have_the_figures_of_the_plan() {
        let point = |rest: &str| flaw(&format!(r#"{{"point":0,"replications":{rest}}}"#));
        assert_eq!(point(r#"3,"figures":[null]"#), None);
        assert_eq!(point(r#"0,"state":{"stopped":"limits.events"},"figures":[null]"#), None);
        assert_eq!(
            point(r#"3,"figures":[]"#).as_deref(),
            Some("it has 0 figures, and the sweep measures 1")
        );
        for impossible in [
            r#"3,"figures":[null,null]"#,
            r#"3,"figures":[{"mean":0.5,"half_width":-0.1}]"#,
            r#"0,"state":{"stopped":"time"},"figures":[null]"#,
        ] {
            assert!(point(impossible).is_some(), "{impossible}");
        }
    }
}
