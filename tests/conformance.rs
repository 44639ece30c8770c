//! Recordings of real libraries, replayed row by row.
//!
//! Each `.jsonl` file in `conformance/` holds recordings of one library, which was driven on a
//! frozen clock while its answers were recorded. Every row must come out the same.
//! `FUSEBOX_VECTORS=DIR` replays the files of another folder instead.

mod case;
mod presets;

use std::path::{Path, PathBuf};

use case::Case;

#[test]
fn every_row_of_every_recording_comes_out_the_same() {
    let recorded = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance");
    let folder = std::env::var_os("FUSEBOX_VECTORS").map_or(recorded, PathBuf::from);
    let entries =
        std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    assert!(!files.is_empty(), "no recordings in {}", folder.display());
    let mut mismatches = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("readable");
        let replayed: Vec<_> = text.lines().map(|line| Case::read(line).replay()).collect();
        let rows: usize =
            replayed.iter().map(|result| result.as_ref().copied().unwrap_or_default()).sum();
        let failed = replayed.iter().filter(|result| result.is_err()).count();
        println!(
            "{}: {} cases, {rows} rows agree, {failed} cases do not",
            file.display(),
            replayed.len()
        );
        mismatches.extend(replayed.into_iter().filter_map(Result::err));
    }
    assert!(mismatches.is_empty(), "{}", mismatches.join("\n"));
}
