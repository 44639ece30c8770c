//! Committed timelines: compared with a run, shown, and written again.

use std::time::Duration;

use sim_models::scenario::utf_8;
use sim_reports::Palette;
use sim_reports::testing::{self, Committed, TestResult, Tested, Timeline};

use crate::shown;

const NOW: &str = "   0:00.500  fault  * b  slow\n";

/// Does with the file beside a scenario what `fusebox test` does.
pub fn target(bytes: &[u8]) {
    let Ok(text) = utf_8(bytes.to_vec()) else { return };
    let committed = Committed::parse(&text);
    let orphans = committed.timelines.orphans(&["slow".to_owned()]);
    let orphaned = orphans.into_iter().map(|title| (Some(title), Timeline::Orphaned));
    let compared = [None, Some("slow")]
        .into_iter()
        .map(|variant| (variant.map(str::to_owned), committed.compared(variant, NOW)));
    let tested = |(variant, timeline)| Tested {
        name: "shop".to_owned(),
        variant,
        took: Duration::ZERO,
        result: TestResult::Ran { expectations: Vec::new(), seeds: 1, stopped: None, timeline },
    };
    let tests: Vec<Tested> = compared.chain(orphaned).map(tested).collect();
    shown::visible(&testing::list(&tests, Duration::ZERO, Palette::Plain));
    shown::visible(&testing::json(&tests));
    shown::visible(&testing::junit(&tests, Duration::ZERO).expect("XML").replace('\t', " "));
    let mut written = committed.timelines;
    written.set(Some("slow"), NOW);
    let read = Committed::parse(&written.render("shop"));
    assert_eq!(read, Committed::from(written), "written and read again");
}
