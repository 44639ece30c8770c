//! The library of scenarios: each shows what it must, and no guard in it is idle.

use std::path::Path;

use sim_experiments::{Case, Trial, cases, in_order};
use sim_models::scenario::{Input, Overrides, check};
use sim_models::system::EdgePlan;
use sim_reports::plot::{png_of, svg};
use sim_reports::run::{Invocation, Overview};
use sim_reports::testing::{Committed, Timeline, snapshot};

use crate::pictures;
use crate::running::{self, library};

fn input(file: &Path) -> Input {
    Input {
        name: file.display().to_string(),
        text: std::fs::read_to_string(file).expect("readable"),
        folder: file.parent().expect("a folder").into(),
    }
}

fn label(file: &Path, case: &Case) -> String {
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    case.variant.as_ref().map_or_else(|| name.to_string(), |variant| format!("{name} ({variant})"))
}

/// Every scenario and variant, with the file that it comes from.
fn every_case() -> Vec<(std::path::PathBuf, Case)> {
    let of_file = |file: std::path::PathBuf| {
        let cases = cases(&input(&file), &Overrides::default());
        cases.into_iter().map(move |case| (file.clone(), case))
    };
    library().into_iter().flat_map(of_file).collect()
}

#[test]
fn every_scenario_shows_what_it_must_and_its_timeline_is_as_committed() {
    let wrong: Vec<String> = in_order(&every_case(), 2, &|_, (file, case)| {
        let trial = Trial::of(&running::blueprint(&case.loaded));
        let mut wrong = Vec::new();
        if trial.verdicts.is_empty() {
            wrong.push(format!("{} expects nothing", label(file, case)));
        }
        let blueprint = trial.finished.system.blueprint();
        for (expectation, verdict) in
            blueprint.expectations.iter().zip(&trial.verdicts).filter(|(_, verdict)| !verdict.holds)
        {
            wrong.push(format!(
                "{}: {}: {:?}",
                label(file, case),
                expectation.text,
                verdict.measured
            ));
        }
        let committed =
            std::fs::read_to_string(file.with_extension("timeline")).unwrap_or_default();
        let now = snapshot(&trial.finished);
        if Committed::parse(&committed).compared(case.variant.as_deref(), &now) != Timeline::Same {
            wrong.push(format!(
                "{}: the timeline is not as committed; see `fusebox test`",
                label(file, case)
            ));
        }
        wrong
    })
    .concat();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A warning of a scenario that shows a mistake is acknowledged there, with the reason.
#[test]
fn no_scenario_has_a_warning() {
    let warnings = library().into_iter().flat_map(|file| {
        let checked = check(&input(&file), &Overrides::default());
        let messages = checked.problems.into_iter().map(|problem| problem.message);
        messages.map(move |message| format!("{}: {message}", file.display())).collect::<Vec<_>>()
    });
    assert_eq!(warnings.collect::<Vec<String>>(), [""; 0]);
}

/// docs/scenarios.md and docs/outages.md show every scenario, as it looks now.
#[test]
fn the_gallery_shows_every_scenario_as_it_is() {
    let docs = running::root().join("docs");
    let page = |name: &str| std::fs::read_to_string(docs.join(name)).expect("readable");
    let (scenarios, outages) = (page("scenarios.md"), page("outages.md"));
    let wrong: Vec<String> = in_order(&library(), 2, &|_, file| {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let finished = running::run(&running::blueprint(&running::load_file(file, None, &[])));
        let path = file.strip_prefix(running::root()).expect("a file of the project");
        let invocation = Invocation::of_file(path);
        let svg = svg(&Overview::new(&finished).named(&invocation)).expect("drawn");
        let flaws = pictures::flaws(&svg);
        let picture = png_of(&svg).expect("drawn");
        let gallery = if is_outage(file) { &outages } else { &scenarios };
        let is_shown = gallery.contains(&format!("(../{})", path.display()))
            && gallery.contains(&format!("(scenarios/{name}.png)"));
        let is_current = std::fs::read(docs.join("scenarios").join(&name).with_extension("png"))
            .is_ok_and(|shown| shown == picture);
        let variants = running::load_file(file, None, &[]).variants;
        let is_complete = variants.iter().all(|variant| gallery.contains(&format!("`{variant}`")));
        let is_right = is_shown && is_current && is_complete && flaws.is_empty();
        (!is_right).then(|| format!("{name} {flaws:?}"))
    })
    .into_iter()
    .flatten()
    .collect();
    assert!(
        wrong.is_empty(),
        "not in docs/scenarios.md or docs/outages.md as they are now (docs/pictures draws them): {wrong:?}"
    );
}

fn is_outage(file: &Path) -> bool {
    file.parent().is_some_and(|folder| folder.ends_with("scenarios/outages"))
}

/// The guards that can be taken away from a call.
const GUARDS: [&str; 11] = [
    "timeout",
    "call timeout",
    "connect timeout",
    "bulkhead",
    "breaker",
    "retry",
    "rate limit",
    "hedge",
    "fallback",
    "fallback[0]",
    "fallback[1]",
];

/// Guards that make no difference, and are there to show it: they are in the wrong order, lack
/// something they need, or come from the measured experiment.
const IDLE_ON_PURPOSE: [&str; 19] = [
    "layered-client (no-timeout): calls.portal -> reports.guards[1]",
    "no-timeout: calls.shop -> recommendations.breaker",
    "order-chain (latency-protected): calls.orders -> payment.retry",
    "order-chain (stress-retry): calls.orders -> payment.retry",
    // Only the scenario as it is written has calls that hang.
    "boundaries (rate): calls.shop -> pricing.timeout",
    "boundaries (last-five): calls.shop -> pricing.timeout",
    "boundaries (backoff): calls.shop -> pricing.timeout",
    "boundaries (race): calls.shop -> pricing.timeout",
    // The process dies before they matter.
    "memory-pressure: calls.shop -> pricing.timeout",
    "memory-pressure: calls.shop -> pricing.fallback",
    // The experiment is called off before they matter.
    "chaos (no-fallback): ",
    "chaos (no-timeout): ",
    // Calls go elsewhere before a breaker has a reason to open.
    "multi-region (routing): ",
    // `check` asks for a timeout beside a breaker, but nothing hangs there. Each variant takes one
    // precaution away.
    "payments: calls.payments -> paypal.timeout",
    "payments (no-keys): ",
    "payments (keys-of-an-hour): ",
    "payments (careless): ",
    "payments (no-queue): ",
    "payments (unlimited): ",
];

/// Every guard is needed: if one can be taken away without its test failing, nothing shows that it
/// does anything.
#[test]
fn taking_any_guard_away_fails_the_test() {
    // Where a variant prevents a real outage, the guards that the real system had are idle.
    let mut cases = every_case();
    cases.retain(|(file, case)| !is_outage(file) || case.variant.is_none());
    let idle: Vec<String> = in_order(&cases, 2, &|_, (file, case)| {
        let blueprint = running::blueprint(&case.loaded);
        let timeline = snapshot(&Trial::of(&blueprint).finished);
        // Clients decide for themselves how long to wait; only guards between services count.
        let is_between_services = |edge: &&EdgePlan| {
            !blueprint.workloads.iter().any(|workload| workload.name == edge.caller)
        };
        let edges = blueprint.edges.iter().filter(is_between_services);
        let guards = edges.flat_map(|edge| {
            let callee = &blueprint.stations[edge.callee].name;
            let (edge, most) = (format!("calls.{} -> {callee}", edge.caller), edge.guards.len());
            let listed = (0..=most).map(|position| format!("guards[{position}]"));
            let single = GUARDS.iter().map(|guard| (*guard).to_owned());
            listed.chain(single).map(|guard| format!("{edge}.{guard}")).collect::<Vec<_>>()
        });
        let admission =
            blueprint.stations.iter().map(|station| format!("services.{}.admission", station.name));
        let idle = guards.chain(admission).filter(|guard| is_idle(file, case, guard, &timeline));
        idle.map(|guard| format!("{}: {guard}", label(file, case))).collect::<Vec<String>>()
    })
    .concat();
    let idle: Vec<String> = idle
        .into_iter()
        .filter(|guard| !IDLE_ON_PURPOSE.iter().any(|known| guard.starts_with(known)))
        .collect();
    assert!(idle.is_empty(), "{} guards are idle:\n{}", idle.len(), idle.join("\n"));
}

/// True if a guard exists and the test does not notice when it is taken away.
fn is_idle(file: &Path, case: &Case, guard: &str, timeline: &str) -> bool {
    let overrides = Overrides {
        variant: case.variant.clone(),
        settings: vec![format!("{guard}=null")],
        ..Overrides::default()
    };
    let without = sim_models::scenario::load(&input(file), &overrides);
    without.blueprint.is_some_and(|blueprint| {
        let trial = Trial::of(&blueprint);
        trial.holds() && snapshot(&trial.finished) == timeline
    })
}
