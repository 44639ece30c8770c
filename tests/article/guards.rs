//! Every guard of the library is needed: without it an expectation fails.

use std::path::PathBuf;

use sim_experiments::in_order;

use super::mutation::{Effect, Scenario};
use super::written::{Guard, Occurrence, guards_of};
use crate::running::{library, root};

/// Guards that no expectation needs, with the reason: the file, and what the guard is.
const INDIFFERENT: [(&str, &str, &str); 4] = [
    (
        "order-chain.yaml",
        "orders -> payment: retry",
        "the measured experiment had it; nothing failed there that a second attempt could have saved",
    ),
    (
        "sizing.yaml",
        "portal -> warehouse: bulkhead: {\"semaphore\":200",
        "a bulkhead as large as the pool of threads isolates nothing, which is what `too-large` shows",
    ),
    (
        "aws-dynamodb-2015.yaml",
        "storage -> metadata: timeout: \"30s\"",
        "the patience of `longer-patience`: nobody has to give up, with 30 s or with all the time in the world",
    ),
    (
        "stripe-2019.yaml",
        "api -> shards: breaker: {\"preset\":\"resilience4j\"}",
        "one breaker for all shards gains nothing, which is what `one-breaker` shows",
    ),
];

/// Settings that go with a guard, because they need it: faults and operators that act on a breaker, and
/// a question about a call that only a fallback makes.
const WITH: [(&str, &str, &[&str]); 3] = [
    (
        "breaker-broken.yaml",
        "shop -> stock: breaker",
        &["faults[0]={ at: 1m, for: 1m, slow: stock, by: 1x }", "operator=[]"],
    ),
    ("multi-region.yaml", "site-us -> store-east: fallback", &["goals=null"]),
    ("payments.yaml", "payments -> stripe: fallback", &["goals=null", "faults[6]=null"]),
];

/// A guard of a file, with every case that has it.
struct Needed {
    file: PathBuf,
    guard: Guard,
    cases: Vec<Occurrence>,
}

impl Needed {
    /// Its name in a message.
    fn name(&self) -> String {
        let file = self.file.strip_prefix(root()).unwrap_or(&self.file).display().to_string();
        let variants: Vec<&str> =
            self.cases.iter().map(|case| case.variant.as_deref().unwrap_or("as written")).collect();
        format!("{file} ({}): {}: {}", variants.join(", "), self.guard.place, self.guard.settings)
    }

    /// The reason for which it may be indifferent, if it is listed.
    fn excuse(&self) -> Option<&'static str> {
        let name = self.name();
        let mut listed = INDIFFERENT.iter();
        let is_this =
            |(file, guard, _): &&(&str, &str, &str)| name.contains(file) && name.contains(guard);
        listed.find(is_this).map(|(_, _, reason)| *reason)
    }

    /// The complaint about it: no case fails without it, and no reason says why.
    fn complaint(&self, scenario: &Scenario) -> Option<String> {
        let name = self.name();
        let effects = self.cases.iter().map(|case| self.effect(case, scenario));
        let mut is_needed = false;
        for effect in effects {
            match effect {
                Effect::Noticed => {
                    is_needed = true;
                    break;
                }
                Effect::Unnoticed => {}
                Effect::Impossible(message) => return Some(format!("{name}: {message}")),
            }
        }
        match self.excuse() {
            None => (!is_needed).then_some(name),
            Some(reason) => is_needed.then(|| format!("{name} is needed after all: {reason}")),
        }
    }

    /// The effect of taking it away from a case.
    fn effect(&self, case: &Occurrence, scenario: &Scenario) -> Effect {
        let name = self.name();
        let with =
            WITH.iter().filter(|(file, guard, _)| name.contains(file) && name.contains(guard));
        let with = with.flat_map(|(_, _, settings)| *settings).map(|&setting| setting.to_owned());
        let settings: Vec<String> =
            std::iter::once(format!("{}=null", case.path)).chain(with).collect();
        scenario.effect_of(case.variant.as_deref(), &settings)
    }
}

#[test]
fn taking_any_guard_away_fails_an_expectation() {
    let needed: Vec<Needed> = library()
        .into_iter()
        .flat_map(|file| {
            guards_of(&file).into_iter().map(move |(guard, cases)| Needed {
                file: file.clone(),
                guard,
                cases,
            })
        })
        .collect();
    let idle: Vec<String> =
        in_order(&needed, 2, &|_, guard| guard.complaint(&Scenario::read(&guard.file)))
            .into_iter()
            .flatten()
            .collect();
    let excused = needed.iter().filter(|guard| guard.excuse().is_some()).count();
    assert_eq!(excused, INDIFFERENT.len(), "each exception is about one guard");
    assert!(
        idle.is_empty(),
        "no expectation fails without these {} of {} guards:\n{}",
        idle.len(),
        needed.len(),
        idle.join("\n")
    );
}
