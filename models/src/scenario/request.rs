//! Requests that a scenario is read for, and what they add to the file.

/// The request that a scenario is read for.
#[derive(Clone, Debug, Default)]
pub enum Request {
    /// To run it, and to judge it by what is expected of it.
    #[default]
    Run,
    /// To sweep: the blueprint reads off what the sweep measures, and nothing is expected of it.
    Sweep(SweepRequest),
    /// To find out what to recommend: the blueprint reads off what is wanted of it in a condition,
    /// and nothing is expected of it.
    Goals(GoalsRequest),
    /// To run it with other values (a path, and a value in YAML): nothing is expected, swept or
    /// wanted.
    Point(Vec<(String, String)>),
}

impl Request {
    /// True if it asks for other values of the settings that may move.
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

/// A sweep asked for outside the file, or a point of it. What is given here takes the place of what
/// the file says.
#[derive(Clone, Debug, Default)]
pub struct SweepRequest {
    /// What varies: `path=values`.
    pub vary: Vec<String>,
    /// What is measured.
    pub figures: Vec<String>,
    /// Of what more is better.
    pub maximize: Vec<String>,
    /// Of what less is better.
    pub minimize: Vec<String>,
    /// Other settings of the sweep, with the names they have in the file: `("design", "sobol
    /// 128")`.
    pub settings: Vec<(&'static str, String)>,
    /// The values of a point: a path, and a value in YAML.
    pub values: Vec<(String, String)>,
}
