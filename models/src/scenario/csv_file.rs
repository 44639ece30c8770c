//! CSV files beside a scenario.

use std::path::Path;

use crate::language::{Placed, Problems};

/// The records of a CSV file in a folder; `None`, with a problem noted, if it cannot be read.
pub(crate) fn records(
    file: &Placed<String>,
    folder: &Path,
    problems: &mut Problems,
) -> Option<Vec<csv::StringRecord>> {
    let reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_path(folder.join(&**file));
    let records = reader.and_then(|mut reader| reader.records().collect::<Result<Vec<_>, _>>());
    match records {
        Ok(records) => Some(records),
        Err(error) => {
            let message = format!("cannot read {}: {error}", **file);
            problems.error(file.at(), message, "write its path relative to the scenario");
            None
        }
    }
}
