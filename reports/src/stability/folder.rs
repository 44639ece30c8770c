//! Everything about a stability map in one folder.

use std::path::Path;

use sim_experiments::stability::Stability;

use super::{json, plots};
use crate::files::{Folder, WriteError};

/// Writes `stability.json` and the plots into `folder`, which is made if it is missing.
///
/// # Errors
/// If a plot cannot be drawn or a file cannot be written; files already written stay.
pub fn write_all(stability: &Stability, scenario: &str, folder: &Path) -> Result<(), WriteError> {
    let folder = Folder::make(folder)?;
    folder.write("stability.json", json(stability, scenario).as_bytes())?;
    folder.draw_all(&plots::drawings(stability, scenario))
}
