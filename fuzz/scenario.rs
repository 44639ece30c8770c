//! Scenarios: checked with their variants, run as they are written, tested, exported.

use sim_experiments::cases;
use sim_models::formats::{Exporter, FORMATS};
use sim_models::scenario::{check, utf_8};
use sim_models::system::Blueprint;
use sim_reports::exported::{self, Heading};

use crate::{shown, system};

/// The most cases of a scenario that are run.
const MOST_CASES: usize = 3;

/// Does what `fusebox check`, `run`, `test` and `export` do.
pub fn target(bytes: &[u8]) {
    let Ok(text) = utf_8(bytes.to_vec()) else { return };
    let input = system::input(text);
    let checked = check(&input, &system::limited(&[]));
    shown::problems(&checked.problems, &checked.sources);
    for case in cases(&input, &system::limited(&[])).iter().take(MOST_CASES) {
        system::run_if_sound(&case.loaded);
        let exporters = FORMATS.iter().filter_map(|format| format.export.as_ref());
        if let Some(blueprint) = &case.loaded.blueprint {
            exporters.for_each(|exporter| export(exporter, blueprint));
        }
    }
}

fn export(exporter: &Exporter, blueprint: &Blueprint) {
    let heading = Heading {
        scenario: blueprint.name.clone(),
        seed: blueprint.run.seed,
        warning: None,
        changes: Vec::new(),
    };
    let text = exported::render(exporter, &heading, &exporter.export(blueprint));
    // A format is code, which is indented by tabs.
    shown::visible(&text.replace('\t', " "));
}
