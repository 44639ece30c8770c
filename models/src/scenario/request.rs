//! The purposes for which a scenario is read.

/// The purpose for which a scenario is read.
#[derive(Clone, Debug, Default)]
pub enum Request {
    /// To run it, and to check its expectations.
    #[default]
    Run,
    /// To map its stability: it is read as if to run it, and what varies may not be set as well.
    Stability,
    /// To sweep: the blueprint reads off the figures of the sweep, and expectations are dropped.
    Sweep(SweepRequest),
    /// To recommend settings: the blueprint reads off the figures of the goals in one condition,
    /// and expectations are dropped.
    Goals(GoalsRequest),
    /// To run it under a condition of its goals: the overrides of the condition apply, and the limits
    /// that hold under it take the place of the expectations.
    Condition(String),
    /// To run it with other values (a path, and a value in YAML), without expectations, sweep or
    /// goals.
    Point(Vec<(String, String)>),
}

impl Request {
    /// True if the scenario is read as it is written, with its expectations.
    pub(super) fn is_as_written(&self) -> bool {
        matches!(self, Self::Run | Self::Stability)
    }

    /// True if it gives other values to the settings that may change.
    pub(super) fn is_candidate(&self) -> bool {
        matches!(self, Self::Goals(request) if !request.values.is_empty())
    }
}

/// A condition, and a candidate for its settings.
#[derive(Clone, Debug, Default)]
pub struct GoalsRequest {
    /// The condition; the scenario as it is written if there is none.
    pub condition: Option<String>,
    /// The values of the candidate: a path, and a value in YAML.
    pub values: Vec<(String, String)>,
}

/// A sweep requested outside the file, or a point of it. Its values replace those of the file.
#[derive(Clone, Debug, Default)]
pub struct SweepRequest {
    /// The settings that vary: `path=values`.
    pub vary: Vec<String>,
    /// The figures to measure.
    pub figures: Vec<String>,
    /// The figures to maximize.
    pub maximize: Vec<String>,
    /// The figures to minimize.
    pub minimize: Vec<String>,
    /// Other settings of the sweep, with the names they have in the file: `("design", "sobol
    /// 128")`.
    pub settings: Vec<(&'static str, String)>,
    /// The values of a point: a path, and a value in YAML.
    pub values: Vec<(String, String)>,
}
