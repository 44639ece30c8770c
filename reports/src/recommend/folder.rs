//! Everything about a recommendation in one folder.

use std::path::Path;

use sim_experiments::recommend::Recommendation;

use super::{json, plots};
use crate::files::{Folder, WriteError};

/// Writes `recommendation.json` and the plots into `folder`, which is made if it is missing.
///
/// # Errors
/// If a plot cannot be drawn or a file cannot be written; files already written stay.
pub fn write_all(
    recommendation: &Recommendation,
    scenario: &str,
    folder: &Path,
) -> Result<(), WriteError> {
    let folder = Folder::make(folder)?;
    folder.write("recommendation.json", json(recommendation, scenario).as_bytes())?;
    folder.draw_all(&plots::drawings(recommendation, scenario))
}
