//! Journals: of a sweep and of a search, as they are and with the checksums that they would need.

use std::path::Path;
use std::sync::OnceLock;

use sim_experiments::sweep::{Point, Shard, Sweep};
use sim_experiments::{Interrupted, Unattended};
use sim_models::scenario::{Input, Overrides, Request, SweepRequest};
use sim_reports::journal::JournalError;
use sim_reports::recommend::{RUNS, RunJournal};
use sim_reports::sweep::{self, Header, JOURNAL, Journal};
use sim_reports::{Palette, printable};

use crate::shown::visible;

const QUEUE: &str = "run: { duration: 100ms }
workloads: { web: { to: api, arrivals: poisson 90/s } }
services: { api: { threads: 1, handle: [ { work: exponential 10ms } ] } }
sweep: { vary: { services.api.threads: 1..2 }, minimize: [ p99 of web ], figures: [ goodput of web ], replications: 2 }
";

/// The most points of a journal that are compared: who makes a journal chooses the number of its points.
const MOST_POINTS: u64 = 10_000;

/// Does what `fusebox merge` does, and continues a sweep and a search.
pub fn target(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    for journal in [bytes.to_vec(), sealed(bytes)] {
        let path = folder.path().join(JOURNAL);
        std::fs::write(&path, &journal).expect("written");
        told(merged(&path));
        told(Undisturbed::known().resumed(&path));
        std::fs::write(folder.path().join(RUNS), &journal).expect("written");
        told(RunJournal::resume(folder.path()).map(drop));
    }
    if let [place @ .., byte] = bytes
        && let Ok(place) = <[u8; 2]>::try_from(place)
    {
        Undisturbed::known().disturbed(u16::from_le_bytes(place).into(), *byte, folder.path());
    }
}

/// Fails if a journal is refused without a reason.
fn told<Anything>(used: Result<Anything, JournalError>) {
    if let Err(refusal) = used {
        let message = refusal.to_string();
        assert!(!message.is_empty());
        visible(&message);
    }
}

/// Each line with the checksum that belongs to it.
fn sealed(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let whole = line.strip_suffix(b"}\n").unwrap_or(line);
        out.extend_from_slice(whole);
        if whole.len() < line.len() {
            let entry = format!(",\"crc32\":\"{:08x}\"}}\n", crc32fast::hash(whole));
            out.extend_from_slice(entry.as_bytes());
        }
    }
    out
}

fn merged(path: &Path) -> Result<(), JournalError> {
    let journals = [Journal::open(path)?];
    let header = journals[0].header().whole();
    if header.plan.points() > MOST_POINTS {
        return Ok(());
    }
    let findings = sweep::findings(&header, &journals)?;
    let report = sweep::report(&header, &journals, &findings, Palette::Plain)?;
    visible(&printable::terminal(&report, Palette::Plain));
    let mut document = Vec::new();
    sweep::json(&header, &journals, &mut document)?;
    visible(&String::from_utf8(document).expect("UTF-8"));
    sweep::csv(&header, &journals, &mut Vec::new())
}

/// A sweep, and its journal as it was written.
struct Undisturbed {
    sweep: Sweep,
    journal: Vec<u8>,
    result: String,
}

impl Undisturbed {
    fn known() -> &'static Self {
        static KNOWN: OnceLock<Undisturbed> = OnceLock::new();
        KNOWN.get_or_init(|| {
            let input = Input { name: "q.yaml".into(), text: QUEUE.into(), folder: ".".into() };
            let request = Request::Sweep(SweepRequest::default());
            let overrides = Overrides { request, ..Overrides::default() };
            let sweep = Sweep::prepare(input, overrides).expect("a sound sweep");
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join(JOURNAL);
            let begun = Self { sweep, journal: Vec::new(), result: String::new() };
            let result = begun.resumed(&path).expect("a new journal");
            let journal = std::fs::read(&path).expect("readable");
            Self { journal, result, ..begun }
        })
    }

    /// Continues the journal, and returns what the sweep shows.
    fn resumed(&self, path: &Path) -> Result<String, JournalError> {
        let header = Header::of(&self.sweep, Shard::WHOLE);
        let (journal, is_done) = Journal::resume(path, &header)?;
        let keep = |points: &[Point]| {
            for point in points {
                journal.append(point).expect("written");
            }
            Ok::<(), Interrupted>(())
        };
        let is_done = |point| is_done.get(point as usize).copied().unwrap_or(false);
        self.sweep
            .run(Shard::WHOLE, &is_done, &Unattended { jobs: 1 }, &keep)
            .expect("not interrupted");
        let mut document = Vec::new();
        sweep::json(&header, &[journal], &mut document)?;
        Ok(String::from_utf8(document).expect("UTF-8"))
    }

    /// Changes one byte of the journal: it is refused, or shows the same.
    fn disturbed(&self, place: usize, byte: u8, folder: &Path) {
        let mut journal = self.journal.clone();
        let place = place % journal.len();
        journal[place] = byte;
        let path = folder.join(JOURNAL);
        std::fs::write(&path, &journal).expect("written");
        match self.resumed(&path) {
            Ok(result) => assert!(result == self.result, "byte {place} is now {byte}"),
            Err(refusal) => told(Err::<(), _>(refusal)),
        }
    }
}
