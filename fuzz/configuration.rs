//! Configurations of libraries and proxies: imported, shown, and put into a scenario.

use sim_models::formats::{ConfigurationFile, ConfigurationFormat};
use sim_models::scenario::{check, utf_8};
use sim_reports::imported;

use crate::shown;
use crate::system::{SYSTEM, input, limited, run_if_sound};

/// Does what `fusebox import` does, with and without `--into`.
pub fn target(format: &str, bytes: &[u8]) {
    let Ok(text) = utf_8(bytes.to_vec()) else { return };
    let importer = ConfigurationFormat::named(format).and_then(|format| format.import.as_ref());
    let importer = importer.expect("a format that is read");
    for name in ["application.yml", "application.properties"] {
        let file = ConfigurationFile { name: name.to_owned(), text: text.clone() };
        let imported = importer.import_for(&[file], &["prod".to_owned()]);
        shown::problems(&imported.problems, &imported.sources);
        if !imported.problems.is_empty() {
            continue;
        }
        shown::visible(&imported::render(&imported, "a"));
        if let Ok(merged) = imported::merge_into(SYSTEM, &imported, "a") {
            shown::visible(&merged);
            run_if_sound(&check(&input(merged), &limited(&[])));
        }
    }
}
