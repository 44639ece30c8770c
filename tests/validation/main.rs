//! `validate`: runs all studies and prints how they came out; the exit code is 1 if a row fails.
//!
//! `validate --rows` prints every row as well.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use sim_tests::study::{Study, Tally};

fn main() -> ExitCode {
    let studies = sim_tests::studies();
    let shows_rows = std::env::args().any(|argument| argument == "--rows");
    for row in studies.iter().flat_map(|study| &study.rows) {
        if shows_rows || !row.holds() {
            println!("{row}{}", if row.holds() { "" } else { "  FAILS" });
        }
    }
    println!("| study | rows | predicted | calibrated | fail | worst z | worst error |");
    println!("|---|---|---|---|---|---|---|");
    studies.iter().for_each(print);
    let fails = studies.iter().any(|study| study.tally().failed > 0);
    if fails { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn print(study: &Study) {
    let Tally { rows, predicted, calibrated, failed, worst_z, worst_share } = study.tally();
    let z = worst_z.map_or(String::new(), |z| format!("{z:.2}"));
    let share = worst_share.map_or(String::new(), |share| format!("{:.1} %", 100.0 * share));
    let name = study.name;
    println!("| {name} | {rows} | {predicted} | {calibrated} | {failed} | {z} | {share} |");
}
