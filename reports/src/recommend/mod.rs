//! What a recommendation shows: text, JSON and pictures.

mod plots;
mod records;
mod text;

use std::path::Path;

use sim_experiments::recommend::Recommendation;

pub use records::json;
pub use text::report;

use crate::files::{self, WriteError};

/// Writes `recommendation.json` and the pictures into `folder`.
///
/// # Errors
/// If a file cannot be drawn or written; files already written stay.
pub fn write_all(
    recommendation: &Recommendation,
    scenario: &str,
    folder: &Path,
) -> Result<(), WriteError> {
    files::make_folder(folder)?;
    files::write(&folder.join("recommendation.json"), json(recommendation, scenario).as_bytes())?;
    files::write_drawings(&plots::drawings(recommendation, scenario), folder)
}
