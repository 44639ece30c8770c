//! Committed timelines: compared with a run, shown, and written again.

use std::time::Duration;

use sim_models::scenario::utf_8;
use sim_reports::Palette;
use sim_reports::testing::{self, Snapshots, TestResult, Tested, Timeline, difference};

use crate::shown;

const NOW: &str = "   0:00.500  fault  * b  slow\n";

/// Does with the file beside a scenario what `fusebox test` does.
pub fn target(bytes: &[u8]) {
    let Ok(text) = utf_8(bytes.to_vec()) else { return };
    let mut committed = Snapshots::parse(&text);
    let orphans = committed.orphans(&["slow".to_owned()]);
    let orphaned = orphans.into_iter().map(|title| (Some(title), Timeline::Orphaned));
    let differing = [None, Some("slow")].into_iter().filter_map(|variant| {
        let changed = difference(committed.get(variant)?, NOW);
        Some((variant.map(str::to_owned), Timeline::Differs(changed)))
    });
    let tested = |(variant, timeline)| Tested {
        name: "shop".to_owned(),
        variant,
        took: Duration::ZERO,
        result: TestResult::Ran { expectations: Vec::new(), seeds: 1, stopped: None, timeline },
    };
    let tests: Vec<Tested> = differing.chain(orphaned).map(tested).collect();
    shown::visible(&testing::list(&tests, Duration::ZERO, Palette::Plain));
    shown::visible(&testing::json(&tests));
    shown::visible(&testing::junit(&tests, Duration::ZERO).expect("XML").replace('\t', " "));
    committed.set(Some("slow"), NOW);
    assert_eq!(Snapshots::parse(&committed.render("shop")), committed, "written and read again");
}
