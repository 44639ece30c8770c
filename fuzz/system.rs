//! A sound system with things of most kinds, into which targets put one text; and running what is sound.

use sim_experiments::Trial;
use sim_models::scenario::{Input, Loaded, Overrides, Problem};
use sim_reports::{Palette, run, testing};

use crate::shown;

/// The system. Nothing in it lasts longer than a millisecond of ours.
pub const SYSTEM: &str = "run: { duration: 2s, warmup: 100ms }
workloads: { web: { to: a, arrivals: poisson 40/s } }
services:
  a: { threads: 4, handle: [ { work: exponential 5ms }, { effect: charge }, { call: b }, { send: jobs } ] }
  b: { threads: 2, instances: 2, cpus: 1, handle: [ { work: 5ms } ] }
queues: { jobs: { deliver to: b, attempts: 2 } }
calls: { a -> b: { timeout: 100ms, retry: { attempts: 2, backoff: 10ms }, breaker: { window: 10 calls, minimum calls: 5, wait: 200ms }, bulkhead: { threads: 3 } } }
faults: [ { at: 500ms, for: 500ms, slow: b, by: 20x } ]
";

/// The limits under which inputs run, in place of their own.
const LIMITS: [&str; 2] = ["limits.events=5000", "limits.in flight=500"];

/// A scenario in a folder that does not exist: it can read no other file.
pub fn input(text: impl Into<String>) -> Input {
    Input { name: "fuzz.yaml".into(), text: text.into(), folder: "nowhere".into() }
}

/// Overrides with these settings, and then the limits.
pub fn limited(settings: &[&str]) -> Overrides {
    let settings = settings.iter().chain(&LIMITS).map(|setting| (*setting).to_owned());
    Overrides { settings: settings.collect(), ..Overrides::default() }
}

/// Shows the problems of a scenario. Runs it if it is sound, judges it, and shows what happened.
pub fn run_if_sound(loaded: &Loaded) {
    shown::problems(&loaded.problems, &loaded.sources);
    let Some(blueprint) = &loaded.blueprint else {
        assert!(loaded.problems.iter().any(Problem::is_error), "refused without a reason");
        return;
    };
    let trial = Trial::of(blueprint);
    assert_eq!(trial.verdicts.len(), blueprint.expectations.len());
    shown::visible(&run::report(&trial.finished, &run::Invocation::default(), Palette::Plain));
    shown::visible(&run::json(&trial.finished, &run::Invocation::default()));
    shown::visible(&testing::snapshot(&trial.finished));
}
