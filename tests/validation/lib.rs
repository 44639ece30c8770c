//! Studies: systems that others measured or simulated, reproduced from the files in `validation/` of
//! the project.
//!
//! One file a study. The binary `validate` prints all of them as a table, and the test `validation`
//! holds each row to its limit.
#![forbid(unsafe_code)]

pub mod brooker_collapse;
pub mod brooker_retries;
mod simulate;
pub mod study;

use study::Study;

/// Runs all studies.
pub fn studies() -> Vec<Study> {
    vec![brooker_retries::study(), brooker_collapse::study()]
}
