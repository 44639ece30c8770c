//! What becomes of a sweep whose journal was cut off, changed, shuffled or written by two: the result of
//! an undisturbed sweep, or a refusal that says what to do; never another result.

use std::ops::Range;
use std::path::Path;

use sim_experiments::sweep::{Point, Shard, Sweep};
use sim_experiments::{Interrupted, Unattended};
use sim_models::scenario::{Input, Overrides, Request, SweepRequest};
use sim_reports::journal::JournalError;
use sim_reports::sweep::{Header, JOURNAL, Journal, findings, json};

use crate::running::one_section_a_line;

const QUEUE: &str = "run: { duration: 1s }
    workloads: { web: { to: api, arrivals: poisson 90/s } }
    services: { api: { threads: 1, handle: [ { work: exponential 10ms } ] } }
    sweep: { vary: { services.api.threads: 1..3, workloads.web.arrivals: poisson 40/s..160/s in 2 },
      maximize: [ goodput of web ], minimize: [ p99 of web ], figures: [ capacity of api.threads ],
      replications: 2 }";

fn sweep(text: &str) -> Sweep {
    let input =
        Input { name: "test.yaml".into(), text: one_section_a_line(text), folder: ".".into() };
    let request = Request::Sweep(SweepRequest::default());
    Sweep::prepare(input, Overrides { request, ..Overrides::default() }).expect("a sound sweep")
}

/// Simulates what a journal does not hold, like `fusebox sweep --resume`, and returns the result.
fn resumed(sweep: &Sweep, shard: Shard, path: &Path) -> Result<String, JournalError> {
    let (journal, is_done) = Journal::resume(path, &Header::of(sweep, shard))?;
    let keep = |points: &[Point]| {
        for point in points {
            journal.append(point).expect("written");
        }
        Ok::<(), Interrupted>(())
    };
    sweep
        .run(shard, &|point| is_done[point as usize], &Unattended { jobs: 1 }, &keep)
        .expect("not interrupted");
    if shard == Shard::WHOLE { result(&[journal]) } else { Ok(String::new()) }
}

/// The result of several journals, like that of `fusebox merge`.
fn result(journals: &[Journal]) -> Result<String, JournalError> {
    let header = journals[0].header().whole();
    findings(&header, journals)?;
    let mut document = Vec::new();
    json(&header, journals, &mut document)?;
    Ok(String::from_utf8(document).expect("UTF-8"))
}

/// A whole sweep, its result and its journal.
struct Undisturbed {
    sweep: Sweep,
    result: String,
    journal: Vec<u8>,
    folder: tempfile::TempDir,
}

impl Undisturbed {
    fn new() -> Self {
        let (sweep, folder) = (sweep(QUEUE), tempfile::tempdir().expect("a folder"));
        let path = folder.path().join(JOURNAL);
        let result = resumed(&sweep, Shard::WHOLE, &path).expect("a new journal");
        let journal = std::fs::read(&path).expect("readable");
        Self { sweep, result, journal, folder }
    }

    fn lines(&self) -> Vec<Vec<u8>> {
        self.journal.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
    }

    /// The path of a journal with these bytes.
    fn with(&self, name: &str, journal: &[u8]) -> std::path::PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, journal).expect("written");
        path
    }

    /// The message that refuses a journal when a sweep continues it; nothing if it comes to its result.
    fn refused(&self, journal: &[u8]) -> Option<String> {
        let path = self.with("disturbed.jsonl", journal);
        match resumed(&self.sweep, Shard::WHOLE, &path) {
            Ok(result) => {
                assert!(result == self.result, "{}", String::from_utf8_lossy(journal));
                None
            }
            Err(error) => Some(told(&error)),
        }
    }

    /// The message that refuses these journals when they are merged.
    fn refused_together(&self, journals: &[&[u8]]) -> Option<String> {
        let open = |(number, journal): (usize, &&[u8])| {
            Journal::open(&self.with(&format!("part{number}.jsonl"), journal))
        };
        let journals: Result<Vec<Journal>, _> = journals.iter().enumerate().map(open).collect();
        match journals.and_then(|journals| result(&journals)) {
            Ok(result) => {
                assert!(result == self.result);
                None
            }
            Err(error) => Some(told(&error)),
        }
    }
}

/// The message of an error, which names a file and something to do.
fn told(error: &JournalError) -> String {
    let told = error.to_string();
    let is_about_points = matches!(error, JournalError::Incomplete { .. });
    assert!(is_about_points || told.contains(".jsonl"), "{told}");
    let advice = ["--resume", "begin anew", "another folder", "name only"];
    assert!(advice.iter().any(|advice| told.contains(advice)), "{told}");
    told
}

/// The digits of some bytes.
fn digits(bytes: &[u8], within: Range<usize>) -> impl Iterator<Item = usize> {
    within.filter(|place| bytes[*place].is_ascii_digit())
}

#[test]
fn a_journal_that_was_cut_off_anywhere_continues_to_the_same_result() {
    let whole = Undisturbed::new();
    for length in 0..=whole.journal.len() {
        assert_eq!(whole.refused(&whole.journal[..length]), None, "{length} bytes");
    }
}

#[test]
fn a_journal_that_was_cut_off_is_whole_again_when_it_was_continued() {
    let whole = Undisturbed::new();
    let header = whole.lines()[0].len();
    for length in [0, 1, header - 1, header, header + 1, whole.journal.len() - 1] {
        assert_eq!(whole.refused(&whole.journal[..length]), None);
        let path = whole.folder.path().join("disturbed.jsonl");
        let journal = std::fs::read(path).expect("readable");
        assert!(journal == whole.journal, "after {length} bytes");
    }
}

#[test]
fn a_tail_of_bytes_that_are_no_text_is_dropped() {
    let whole = Undisturbed::new();
    let kept = &whole.journal[..whole.journal.len() - 9];
    for tail in [&[0_u8; 4096][..], &[0xff, 0xfe, b'{'], "ü".as_bytes().split_at(1).0] {
        assert_eq!(whole.refused(&[kept, tail].concat()), None);
    }
    assert_eq!(whole.refused(&[0; 4096]), None, "zeros in the place of the header");
}

#[test]
fn a_journal_with_another_digit_is_refused_or_comes_to_the_same_result() {
    let whole = Undisturbed::new();
    let mut refused = 0;
    for place in digits(&whole.journal, 0..whole.journal.len()) {
        for digit in b'0'..=b'9' {
            let mut changed = whole.journal.clone();
            changed[place] = digit;
            if changed == whole.journal {
                continue;
            }
            let told = whole.refused(&changed).expect("a changed digit");
            assert!(told.contains("disturbed.jsonl, line "), "{told}");
            refused += 1;
        }
    }
    assert!(refused > 1_000, "{refused}");
}

#[test]
fn another_digit_is_refused_with_its_line_and_without_the_line_nothing_is_lost() {
    let whole = Undisturbed::new();
    let mut lines = whole.lines();
    let place = digits(&lines[3], 0..lines[3].len()).nth(5).expect("a digit");
    lines[3][place] = if lines[3][place] == b'7' { b'8' } else { b'7' };
    let told = whole.refused(&lines.concat()).expect("refused");
    assert!(told.contains("disturbed.jsonl, line 4: it is not as it was written"), "{told}");
    assert!(told.contains("delete this line, and --resume simulates again"), "{told}");
    assert!(whole.refused_together(&[&lines.concat()]).is_some());
    lines.remove(3);
    assert_eq!(whole.refused(&lines.concat()), None);
}

#[test]
fn lines_that_are_missing_doubled_or_in_another_order_change_nothing() {
    let whole = Undisturbed::new();
    let lines = whole.lines();
    for place in 0..lines.len() {
        let mut fewer = lines.clone();
        fewer.remove(place);
        let told = whole.refused(&fewer.concat());
        assert_eq!(told.is_some(), place == 0, "without line {}", place + 1);
        let mut doubled = lines.clone();
        doubled.push(lines[place].clone());
        assert_eq!(whole.refused(&doubled.concat()).is_some(), place == 0, "{}", place + 1);
        for other in 0..place {
            let mut swapped = lines.clone();
            swapped.swap(place, other);
            assert_eq!(whole.refused(&swapped.concat()).is_some(), other == 0);
        }
    }
    let cut = lines[..4].concat();
    let told = whole.refused_together(&[&cut]).expect("incomplete");
    assert!(told.contains("3 of 6 points are missing from "), "{told}");
    assert!(told.contains("part0.jsonl: 3, 4, 5; finish"), "{told}");
}

#[test]
fn blank_lines_at_the_end_are_removed_and_others_are_refused() {
    let whole = Undisturbed::new();
    let text = String::from_utf8(whole.journal.clone()).expect("UTF-8");
    for blank in ["\n", "\n\n\n", "\r\n", " \t\n\n", "\n\n{\"poi", "\n   "] {
        let journal = format!("{text}{blank}");
        assert_eq!(whole.refused_together(&[journal.as_bytes()]), None, "{blank:?}");
        assert_eq!(whole.refused(journal.as_bytes()), None, "{blank:?}");
        let path = whole.folder.path().join("disturbed.jsonl");
        assert!(std::fs::read(path).expect("readable") == whole.journal, "{blank:?}");
        // Points that are added follow the last whole line.
        let lines = whole.lines();
        let begun = [&lines[..3].concat(), blank.as_bytes()].concat();
        assert_eq!(whole.refused(&begun), None, "{blank:?}");
    }
    let mut lines = whole.lines();
    lines.insert(3, b"\n\n".to_vec());
    let told = whole.refused(&lines.concat()).expect("refused");
    assert!(told.contains("disturbed.jsonl, line 4: it is not as it was written"), "{told}");
}

/// A record with another entry, and the checksum that belongs to it.
fn record(line: &[u8], old: &str, new: &str) -> Vec<u8> {
    let line = std::str::from_utf8(line).expect("UTF-8");
    let (object, _) = line.split_once(",\"crc32\"").expect("a checksum");
    assert!(object.contains(old), "{object}");
    let object = object.replacen(old, new, 1);
    let checksum = crc32fast::hash(object.as_bytes());
    format!("{object},\"crc32\":\"{checksum:08x}\"}}\n").into_bytes()
}

#[test]
fn parts_that_contradict_each_other_are_refused_in_either_order() {
    let whole = Undisturbed::new();
    let mut lines = whole.lines();
    lines[2] = record(&lines[2], "\"mean\":", "\"mean\":1");
    let changed = lines.concat();
    for (parts, first, second) in [
        ([&*whole.journal, &*changed], "part0", "part1"),
        ([&*changed, &*whole.journal], "part0", "part1"),
    ] {
        let told = whole.refused_together(&parts).expect("contradiction");
        let (one, other) = told.split_once(" and ").expect("two places");
        assert!(one.ends_with(&format!("{first}.jsonl, line 3")), "{told}");
        assert!(other.contains(&format!("{second}.jsonl, line 3 contradict each other")), "{told}");
        assert!(told.contains("about point 1: delete both lines, and --resume"), "{told}");
    }
    assert_eq!(whole.refused_together(&[&whole.journal, &whole.journal]), None, "the same twice");
    let both = [&whole.journal[..], &lines[2]].concat();
    let told = whole.refused(&both).expect("contradiction within a journal");
    assert!(
        told.contains("disturbed.jsonl, line 3 and ") && told.contains("line 8 contradict"),
        "{told}"
    );
}

#[test]
fn a_header_that_no_scenario_can_ask_for_is_refused() {
    let whole = Undisturbed::new();
    let lines = whole.lines();
    for (old, new, why) in [
        ("\"from\":40.0", "\"from\":400.0", "goes downwards"),
        ("\"from\":40.0", "\"from\":1e999", "number out of range"),
        ("\"steps\":{\"count\":2}", "\"steps\":{\"count\":0}", "from one to a million levels"),
        ("\"steps\":{\"count\":2}", "\"steps\":{\"of\":0.0}", "a step is greater than zero"),
        ("\"steps\":{\"count\":2}", "\"steps\":{\"of\":1e-300}", "more than a million levels"),
        ("\"unit\":\"whole\"", "\"unit\":{\"other\":\"parsec\"}", "`parsec` is no unit"),
        ("\"linear\",\"steps\":{\"count\":2}", "\"log\",\"steps\":{\"of\":1.0}", "not a step"),
        ("\"design\":\"grid\"", "\"design\":{\"sobol\":0}", "is not a design"),
        ("\"design\":\"grid\"", "\"design\":{\"saltelli\":3}", "too few"),
        ("\"design\":\"grid\"", "\"design\":{\"morris\":900000000}", "points are too many"),
        ("services.api.threads", "workloads.web.arrivals", "varies twice"),
        ("capacity of api.threads", "goodput of web", "is measured twice"),
        ("\"replications\":{\"first\":2", "\"replications\":{\"first\":0", "replications"),
        ("\"part\":1", "\"part\":0", "there is no part 0 of 1"),
        ("\"parts\":1", "\"parts\":0", "there is no part 1 of 0"),
        ("\"simulated_seconds\":1.0", "\"simulated_seconds\":-1.0", "no run takes -1 s"),
    ] {
        let mut changed = lines.clone();
        changed[0] = record(&lines[0], old, new);
        let told = whole.refused_together(&[&changed.concat()]).expect(new);
        assert!(told.contains(".jsonl, line 1: ") && told.contains(why), "{new}: {told}");
    }
}

#[test]
fn a_point_that_the_sweep_cannot_have_is_refused() {
    let whole = Undisturbed::new();
    let lines = whole.lines();
    let figures = std::str::from_utf8(&lines[1]).expect("UTF-8");
    let (_, figures) = figures.split_once("\"figures\":").expect("figures");
    let (figures, _) = figures.split_once(",\"crc32\"").expect("a checksum");
    for (old, new, why) in [
        (figures, "[]", "it has 0 figures, and the sweep measures 3"),
        (figures, "[null,null]", "it has 2 figures"),
        ("\"mean\":", "\"mean\":null,\"mean\":", "invalid type: null"),
        ("\"mean\":", "\"median\":", "unknown field `median`"),
        ("\"half_width\":", "\"half_width\":-", "2 replications have no mean of"),
        ("\"point\":0", "\"point\":6", "the sweep has no point 6"),
        ("\"point\":0", "\"point\":-1", "invalid value"),
        ("\"replications\":2", "\"replications\":1", "after 1 replications"),
        ("\"replications\":2", "\"replications\":2,\"state\":{\"abandoned\":1}", "ends like that"),
        ("\"replications\":2", "\"replications\":2,\"state\":{\"asleep\":1}", "unknown variant"),
    ] {
        let mut changed = lines.clone();
        changed[1] = record(&lines[1], old, new);
        for told in [whole.refused(&changed.concat()), whole.refused_together(&[&changed.concat()])]
        {
            let told = told.expect(new);
            assert!(told.contains(".jsonl, line 2: ") && told.contains(why), "{new}: {told}");
        }
    }
}

#[test]
fn a_journal_of_another_version_or_sweep_or_part_is_refused() {
    let whole = Undisturbed::new();
    let mut lines = whole.lines();
    let this = format!("\"fusebox\":\"{}\"", env!("CARGO_PKG_VERSION"));
    lines[0] = record(&lines[0], &this, "\"fusebox\":\"99.0.0\"");
    for told in [whole.refused(&lines.concat()), whole.refused_together(&[&lines.concat()])] {
        let told = told.expect("another version");
        assert!(told.contains("line 1: it was made by version 99.0.0 of fusebox"), "{told}");
    }
    let path = whole.with("disturbed.jsonl", &whole.journal);
    let part = resumed(&whole.sweep, Shard { part: 1, parts: 2 }, &path).expect_err("another part");
    assert!(told(&part).contains("it is part 1/1, not part 1/2"), "{part}");
    let other = sweep(&QUEUE.replace("exponential 10ms", "exponential 11ms"));
    let other = resumed(&other, Shard::WHOLE, &path).expect_err("another scenario");
    assert!(told(&other).contains("belongs to another sweep: the scenario or its seed"), "{other}");
    let told = whole.refused(b"precious notes").expect("another file");
    assert!(told.contains("line 1: it is not the header of a journal"), "{told}");
}

/// Lines without an end, as a full disk or a device may have: they are not read into memory.
#[test]
fn a_line_that_is_too_long_is_refused() {
    let whole = Undisturbed::new();
    for (kept, place) in [(0, "line 1: "), (whole.lines()[0].len(), "line 2: ")] {
        let path = whole.with("disturbed.jsonl", &whole.journal[..kept]);
        let file = std::fs::OpenOptions::new().write(true).open(&path).expect("a file");
        file.set_len(kept as u64 + (64 << 20) + 1).expect("a file with a hole");
        let refused =
            resumed(&whole.sweep, Shard::WHOLE, &path).expect_err("a line without an end");
        let told = told(&refused);
        assert!(told.contains(place) && told.contains("longer than 64 MiB"), "{told}");
    }
}

/// A journal comes from anywhere, and so does the name of its folder.
#[cfg(unix)]
#[test]
fn what_is_said_of_a_journal_stays_on_one_line() {
    let whole = Undisturbed::new();
    let folder = whole.folder.path().join("a\nPASS \u{1b}[31mb");
    std::fs::create_dir(&folder).expect("a folder");
    let path = folder.join(JOURNAL);
    let lines = whole.lines();
    let version = format!("\"fusebox\":\"{}\"", env!("CARGO_PKG_VERSION"));
    let journals = [
        record(&lines[0], &version, "\"fusebox\":\"9\\nPASS\""),
        record(&lines[0], "\"seed\"", "\"a\\nPASS\""),
        [lines[0].clone(), record(&lines[1], "\"point\"", "\"a\\nPASS\"")].concat(),
        [lines[0].clone(), b"{\n".to_vec()].concat(),
        Vec::new(),
    ];
    for journal in journals {
        std::fs::write(&path, &journal).expect("written");
        let refused = Journal::open(&path).and_then(|journal| result(&[journal]).map(drop));
        let told = refused.expect_err("no journal of ours").to_string();
        assert!(!told.contains(char::is_control), "{told:?}");
        assert!(told.contains("a␊PASS ␛[31mb"), "{told:?}");
    }
    let missing = Journal::open(&folder.join("missing.jsonl")).expect_err("no file").to_string();
    assert!(!missing.contains(char::is_control), "{missing:?}");
}

#[test]
fn one_process_at_a_time_writes_a_journal() {
    let whole = Undisturbed::new();
    let path = whole.with("disturbed.jsonl", &whole.journal);
    let header = Header::of(&whole.sweep, Shard::WHOLE);
    let (first, _) = Journal::resume(&path, &header).expect("free");
    let second = Journal::resume(&path, &header).expect_err("in use").to_string();
    assert!(second.starts_with("another process is writing "), "{second}");
    assert!(Journal::open(&path).is_ok(), "reading needs no lock");
    drop(first);
    assert!(Journal::resume(&path, &header).is_ok());
    assert!(std::fs::read(&path).expect("readable") == whole.journal);
}
