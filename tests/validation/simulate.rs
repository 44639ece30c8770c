//! Reading the files of `validation/` and running its scenarios.

use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::available_parallelism;

use sim_experiments::{Finished, Unattended, in_order, run};
use sim_models::scenario::{Input, Overrides, load};
use sim_models::system::Blueprint;

/// A file of `validation/`, such as `brooker-retries/retries.yaml`.
pub(crate) fn file(path: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    root.join("validation").join(path)
}

/// A scenario with a variant and settings.
pub(crate) fn blueprint(path: &str, variant: Option<&str>, settings: &[String]) -> Arc<Blueprint> {
    let path = file(path);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let folder = path.parent().expect("a file lies in a folder").to_path_buf();
    let input = Input { name: path.display().to_string(), text, folder: folder.into() };
    let overrides = Overrides {
        variant: variant.map(str::to_owned),
        settings: settings.to_vec(),
        ..Overrides::default()
    };
    let loaded = load(&input, &overrides);
    loaded.blueprint.unwrap_or_else(|| panic!("{}: {:?}", path.display(), loaded.problems))
}

/// What `read` reads off each of the first `count` replications of a blueprint.
pub(crate) fn replicate<Read: Send>(
    blueprint: &Arc<Blueprint>,
    count: u64,
    read: impl Fn(&Finished) -> Read + Sync,
) -> Vec<Read> {
    let replications: Vec<u64> = (0..count).collect();
    let jobs = available_parallelism().map_or(1, NonZero::get);
    in_order(&replications, jobs, &|_, replication| {
        read(&run(blueprint, *replication, &Unattended { jobs: 1 }))
    })
}

/// The rows of a table, below its heading.
pub(crate) fn rows<Row: serde::de::DeserializeOwned>(path: &str) -> Vec<Row> {
    let path = file(path);
    let table =
        csv::Reader::from_path(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let row =
        |row: csv::Result<Row>| row.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    table.into_deserialize().map(row).collect()
}

/// A mean over independent runs, and its standard error.
pub(crate) fn mean(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (mean, (squares / (count * (count - 1.0))).sqrt())
}
