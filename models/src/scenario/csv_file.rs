//! CSV files beside a scenario.

use super::folder::Folder;
use crate::language::{Placed, Problems};

/// The records of a CSV file in a folder; `None`, with a problem noted, if it cannot be read.
pub(crate) fn records(
    file: &Placed<String>,
    folder: &Folder,
    problems: &mut Problems,
) -> Option<Vec<csv::StringRecord>> {
    let text = match folder.read_named(folder.path(), file) {
        Ok(text) => text,
        Err(refused) => {
            problems.error(file.at(), refused.message, refused.help);
            return None;
        }
    };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_reader(text.as_bytes());
    match reader.records().collect() {
        Ok(records) => Some(records),
        Err(error) => {
            let message = format!("cannot read {}: {error}", **file);
            problems.error(file.at(), message, "write cells with commas between them");
            None
        }
    }
}
