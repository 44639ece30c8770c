//! Fuzz targets, one for each kind of input that may come from others.
//!
//! A target does with its input what the commands do: it reads, checks, runs what is sound under tight limits, judges, and
//! shows everything. It fails if anything panics, a problem says nothing, or what is shown is not [visible](shown).
//!
//! `cargo test` replays the corpus of each target, `__fuzz__/NAME/corpus/`, and every input that ever failed,
//! `__fuzz__/NAME/crashes/`. `fuzz/run` searches for more; CONTRIBUTING.md says how.
#![forbid(unsafe_code)]

mod configuration;
mod journal;
mod quantity;
mod scenario;
mod sentence;
mod setting;
mod shown;
mod system;
mod timeline;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Defines targets for inputs that are bytes.
macro_rules! targets {
    ($($name:ident: $target:expr;)*) => {
        $(
            #[test]
            fn $name() {
                static READ: AtomicUsize = AtomicUsize::new(0);
                bolero::check!(name = stringify!($name))
                    // The corpus and nothing else, however long it takes: random bytes would find nothing here.
                    .with_iterations(0)
                    .with_test_time(Duration::MAX)
                    .for_each(|input: &[u8]| {
                        READ.fetch_add(1, Ordering::Relaxed);
                        $target(input);
                    });
                let expected = corpus(stringify!($name));
                assert!(expected > 0 && READ.load(Ordering::Relaxed) >= expected, "{expected}");
            }
        )*
    };
}

/// The number of inputs in the corpus of a target.
fn corpus(target: &str) -> usize {
    let folder = format!("{}/__fuzz__/{target}/corpus", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_dir(folder).expect("the target has a corpus").count()
}

targets! {
    scenario: scenario::target;
    sentence: sentence::target;
    quantity: quantity::target;
    setting: setting::target;
    import_resilience4j: |input| configuration::target("resilience4j", input);
    import_istio: |input| configuration::target("istio", input);
    import_envoy: |input| configuration::target("envoy", input);
    import_polly: |input| configuration::target("polly", input);
    journal: journal::target;
    timeline: timeline::target;
}
