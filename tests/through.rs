//! Scaling, deployments and alerts that need a service which may be down.

use sim_experiments::{Finished, Trial};
use sim_models::observe::{Change, Dependent};

use crate::running::{blueprint, ended, load_text, one_section_a_line, run, run_sections};

/// The times of the changes that a function recognizes, in milliseconds, with what it makes of them.
fn told<T>(finished: &Finished, of: impl Fn(&Change) -> Option<T>) -> Vec<(u64, T)> {
    let millis = |at: sim_core::SimTime| (at.as_secs_f64() * 1e3).round() as u64;
    let moments = finished.timeline.iter();
    moments.filter_map(|moment| Some((millis(moment.at), of(&moment.change)?))).collect()
}

fn scaled(finished: &Finished) -> Vec<(u64, u32)> {
    told(finished, |change| match change {
        Change::Scaled { to, .. } => Some(*to),
        _ => None,
    })
}

fn held_up(finished: &Finished) -> Vec<(u64, bool)> {
    told(finished, |change| match change {
        Change::HeldUp { is_over, .. } => Some(*is_over),
        _ => None,
    })
}

/// Ten requests are at work at any time, and two of four threads shall be: five instances are wanted
/// at the first look, once ten have been there all the time.
fn autoscaled(through: &str, more: &str) -> Finished {
    run_sections(
        &format!(
            "run: {{ duration: 100s, drain: 10s }}
             workloads: {{ web: {{ to: a, arrivals: constant 100/s }} }}
             services: {{ a: {{ instances: 10, threads: {{ max: 4, queue: 0 }}, handle: [ {{ work: 100ms }} ], autoscale: {{ min: 1, from: 3, target: 50%, every: 30s, start-up: 5s {through} }} }}, api: {{ handle: [ {{ work: 20ms }} ] }} }}
             {more}"
        ),
        &[],
    )
}

#[test]
fn a_new_instance_starts_when_the_service_has_answered_that_it_needs() {
    let alone = autoscaled("", "");
    assert_eq!(scaled(&alone), [(35_000, 4), (35_000, 5)]);
    let through = autoscaled(", through: api", "");
    assert_eq!(scaled(&through), [(35_020, 4), (35_020, 5)]);
    assert_eq!(ended(&through, "operator -> api", "ok"), 2);
    assert_eq!(held_up(&through), []);
    // Asked at 30 s, 40 s, 50 s, 60 s and 70 s for each of the two.
    let down = "faults: [ { at: 5s, for: 60s, crash: api } ]";
    let late = autoscaled(", through: api, again after: 10s", down);
    assert_eq!(scaled(&late)[..2], [(75_020, 4), (75_020, 5)]);
    assert_eq!(ended(&late, "operator -> api", "refused"), 8);
    assert_eq!(held_up(&late), [(30_000, false), (70_020, true)]);
}

/// A service that answers in no time is as good as none.
#[test]
fn what_goes_through_a_service_that_takes_no_time_happens_as_if_it_needed_nobody() {
    let text = |through: &str| {
        format!(
            "run: {{ duration: 2m, drain: 10s }}
             workloads: {{ web: {{ to: a, arrivals: poisson 60/s }} }}
             services: {{ a: {{ instances: 6, threads: {{ max: 4, queue: 9 }}, handle: [ {{ work: exponential 100ms }}, {{ call: b }} ], autoscale: {{ min: 2, target: 50%, every: 5s, start-up: 3s, scale down after: 10s {through} }} }}, b: {{ instances: 3, handle: [ {{ work: 5ms }} ] }}, api: {{ handle: [ {{ work: 0ms }} ] }} }}
             faults: [ {{ at: 40s, deploy: b, each: 7s {through} }}, {{ when: error rate of web is above 1%, deploy: b, each: 2s, batch: 2 {through} }} ]
             operator: [ {{ at: 60s, set: {{ workloads.web.rate: 30% }} {through} }} ]
             alerts: {{ Errors: {{ when: error rate of web is above 1% {through} }} }}"
        )
    };
    let changes = |through: &str| {
        let finished = run_sections(&text(through), &[]);
        let of = |change: &Change| match change {
            Change::HeldUp { what: Dependent::Alert(_), .. } => None,
            // Only the first batch waits for the condition itself.
            Change::FaultBegins { target, effect, lasts } => {
                let effect = effect.split(" when").next().unwrap_or_default().to_owned();
                Some(Change::FaultBegins { target: target.clone(), effect, lasts: *lasts })
            }
            change => Some(change.clone()),
        };
        let web = &finished.summary.workloads[0];
        (told(&finished, of), (web.ok, web.failed.clone(), web.latency_with_failures.mean))
    };
    let (alone, through) = (changes(""), changes(", through: api"));
    assert!(alone.0.iter().any(|(_, change)| matches!(change, Change::Scaled { .. })));
    assert_eq!(alone.0, through.0);
    assert_eq!(alone.1, through.1);
}

#[test]
fn an_instance_that_is_no_longer_wanted_is_not_asked_for_again() {
    let more = "faults: [ { at: 5s, crash: api } ]
                operator: [ { at: 32s, set: { workloads.web.rate: 30% } } ]";
    let finished = autoscaled(", through: api, again after: 10s, scale down after: 1s", more);
    // Of twelve threads ten are busy for two seconds and then three: two instances are enough.
    assert_eq!(scaled(&finished), [(60_000, 2)]);
    // Each of the two is asked for at 30 s, 40 s and 50 s; the look at 60 s comes before the calls.
    assert_eq!(ended(&finished, "operator -> api", "refused"), 6);
    assert_eq!(ended(&finished, "operator -> api", "ok"), 0);
}

fn deployed(deploy: &str, more: &str) -> Finished {
    run_sections(
        &format!(
            "run: {{ duration: 100s, drain: 10s }}
             workloads: {{ web: {{ to: a, arrivals: constant 10/s }} }}
             services: {{ a: {{ instances: 4, handle: [ {{ work: 1ms }} ], start: [ {{ work: 2s }} ] }}, deployer: {{ operations: {{ start: [ {{ work: 100ms }} ] }} }} }}
             faults: [ {{ {deploy}, deploy: a, each: 5s, through: deployer.start }} {more} ]"
        ),
        &[],
    )
}

fn batches(finished: &Finished) -> Vec<u64> {
    let begins = told(finished, |change| match change {
        Change::FaultBegins { target, effect, .. }
            if effect.starts_with("restarted") && target.starts_with('a') =>
        {
            Some(())
        }
        _ => None,
    });
    begins.into_iter().map(|(at, ())| at).collect()
}

#[test]
fn each_batch_of_a_deployment_needs_an_answer() {
    assert_eq!(batches(&deployed("at: 10s", "")), [10_100, 15_200, 20_300, 25_400]);
    // With `wait until`, an instance has to start in two seconds before the next is asked for.
    let ready = deployed("at: 10s, wait until: ready", "");
    assert_eq!(batches(&ready), [10_100, 17_200, 24_300, 31_400]);
    // Asked for the second at 15.1 s, 25.1 s and 35.1 s.
    let down = deployed("at: 10s, again after: 10s", ", { at: 12s, for: 20s, crash: deployer }");
    assert_eq!(batches(&down), [10_100, 35_200, 40_300, 45_400]);
    assert_eq!(held_up(&down), [(15_100, false), (35_200, true)]);
    let errors = ", { at: 29s, for: 2s, errors: a, rate: 100% }";
    let when = deployed("when: error rate of web is above 50%", errors);
    assert_eq!(batches(&when)[0], 30_100);
    // Whoever deploys through something that stays down deploys nothing.
    let never = deployed("at: 10s", ", { at: 5s, crash: deployer }");
    assert!(batches(&never).is_empty());
}

#[test]
fn an_alert_is_delivered_when_the_service_answers_and_it_still_fires() {
    let paged = |pager: &str, expect: &str| {
        let text = one_section_a_line(&format!(
                "run: {{ duration: 100s, drain: 10s }}
                 workloads: {{ web: {{ to: a, arrivals: constant 10/s }} }}
                 services: {{ a: {{ handle: [ {{ work: 1ms }} ] }}, pager: {{ handle: [ {{ work: 500ms }} ] }} }}
                 faults: [ {{ at: 10s, for: 30s, errors: a, rate: 100% }}, {{ at: 60s, for: 20s, errors: a, rate: 100% }}, {{ {pager}, crash: pager }} ]
                 alerts: {{ Errors: {{ when: error rate of web is above 50%, for: 5s, through: pager, again after: 10s }} }}
                 expect: [ {expect} ]"
        ));
        let plan = blueprint(&load_text(&text, &[]));
        let (finished, trial) = (run(&plan), Trial::of(&plan));
        let kept = trial.holds();
        let alert = told(&finished, |change| match change {
            Change::AlertFires { .. } => Some("fires"),
            Change::AlertResolved { .. } => Some("resolved"),
            Change::HeldUp { is_over: true, .. } => Some("delivered"),
            Change::HeldUp { is_over: false, .. } => Some("held up"),
            _ => None,
        });
        (alert, kept)
    };
    let (fires, resolved) = ((16_000, "fires"), (41_000, "resolved"));
    let again = [(66_000, "fires"), (66_500, "delivered"), (81_000, "resolved")];
    let (alert, kept) = paged("at: 0s, for: 1s", "alert Errors is delivered twice");
    assert_eq!(alert[..3], [fires, (16_500, "delivered"), resolved]);
    assert_eq!(alert[3..], again);
    assert!(kept);
    // Asked at 16 s and at 26 s.
    let (alert, kept) = paged("at: 5s, for: 15s", "alert Errors is delivered 3 times");
    assert_eq!(alert[..4], [fires, (16_000, "held up"), (26_500, "delivered"), resolved]);
    assert!(!kept);
    // Asked at 16, 26 and 36 s; at 46 s it does not fire any more.
    let (alert, _) = paged("at: 5s, for: 40s", "");
    assert_eq!(alert[..3], [fires, (16_000, "held up"), resolved]);
    assert_eq!(alert[3..], again);
    let (alert, kept) = paged("at: 5s", "alert Errors is never delivered");
    assert!(alert.iter().all(|(_, what)| *what != "delivered") && kept);
}

/// The condition holds from 11 s to 14 s and from 21 s on, and the service that delivers is down from
/// 10 s to 16 s. However long the pause before it is asked again: it is asked once more for each pause
/// that ends before the alert is resolved, and at once when the alert fires again.
#[test]
fn an_alert_that_is_over_is_not_delivered_and_the_next_is_delivered_at_once() {
    for (pause, in_vain) in [(1, 3), (2, 2), (3, 1), (5, 1), (10, 1), (60, 1)] {
        let finished = run_sections(
            &format!(
                "run: {{ duration: 40s }}
                 workloads: {{ web: {{ to: a, arrivals: constant 10/s }} }}
                 services: {{ a: {{ handle: [ {{ work: 1ms }} ] }}, pager: {{ handle: [ {{ work: 500ms }} ] }} }}
                 faults: [ {{ at: 10s, for: 3s, errors: a, rate: 100% }}, {{ at: 20s, errors: a, rate: 100% }}, {{ at: 10s, for: 6s, crash: pager }} ]
                 alerts: {{ Errors: {{ when: error rate of web is above 50%, through: pager, again after: {pause}s }} }}"
            ),
            &[],
        );
        assert_eq!(held_up(&finished), [(11_000, false), (21_500, true)], "{pause} s");
        assert_eq!(ended(&finished, "operator -> pager", "refused"), in_vain, "{pause} s");
        assert_eq!(ended(&finished, "operator -> pager", "ok"), 1, "{pause} s");
    }
}

/// A call that is under way when its alert is resolved delivers nothing, neither that alert nor the
/// one that fires before the answer; and a second failure is told like the first.
#[test]
fn each_time_that_an_alert_fires_is_delivered_by_a_call_of_its_own() {
    let paged = |pager: &str, work: u32| {
        run_sections(
            &format!(
                "run: {{ duration: 60s }}
                 workloads: {{ web: {{ to: a, arrivals: constant 10/s }} }}
                 services: {{ a: {{ handle: [ {{ work: 1ms }} ] }}, pager: {{ handle: [ {{ work: {work}s }} ] }} }}
                 faults: [ {{ at: 10s, for: 3s, errors: a, rate: 100% }}, {{ at: 20s, errors: a, rate: 100% }} {pager} ]
                 alerts: {{ Errors: {{ when: error rate of web is above 50%, through: pager }} }}"
            ),
            &[],
        )
    };
    assert_eq!(held_up(&paged("", 12)), [(33_000, true)]);
    assert_eq!(held_up(&paged("", 3)), [(24_000, true)], "answered in the instant of its end");
    let down = paged(", { at: 5s, for: 30s, crash: pager }", 1);
    assert_eq!(held_up(&down), [(11_000, false), (21_000, false), (42_000, true)]);
}

/// Writes a section with something in it.
type Section = fn(&str) -> String;

#[test]
fn what_means_nothing_is_an_error_at_its_place_wherever_something_goes_through_a_service() {
    let places: [(&str, Section); 4] = [
        ("operator", |it| format!("operator: [ {{ at: 1s, restart: a {it} }} ]")),
        ("deployment", |it| format!("faults: [ {{ deploy: a, each: 5s {it} }} ]")),
        ("alert", |it| format!("alerts: {{ Late: {{ when: p99 of web is above 1s {it} }} }}")),
        ("autoscaler", |it| {
            format!(
                "defaults: {{ services: {{ autoscale: {{ min: 1, target: 50%, start-up: 1s {it} }} }} }}"
            )
        }),
    ];
    let written = [
        (", again after: 5s", "`again after` means nothing without `through`"),
        (", through: api, again after: 0s", "asked over and over in one instant"),
        (", through: apy", "there is no service `apy`"),
        (", through: api.start", "`api` has no operation `start`"),
        (", through: db", "there is no service `db`"),
        (", throug: api", "`throug` means nothing here"),
        (", through: api", ""),
    ];
    for (place, section) in places {
        for (through, message) in written {
            let text = one_section_a_line(&format!(
                "workloads: {{ web: {{ to: a, arrivals: constant 10/s }} }}
                 services: {{ a: {{ instances: 2, threads: 4, handle: [ {{ work: 1ms }} ] }}, api: {{ threads: 4, handle: [ {{ work: 1ms }} ] }} }}
                 databases: {{ db: {{ query: 1ms }} }}
                 {}",
                section(through)
            ));
            let loaded = load_text(&text, &[]);
            let messages: Vec<_> = loaded.problems.iter().map(|it| it.message.clone()).collect();
            let found = messages.iter().any(|it| !message.is_empty() && it.contains(message));
            assert_eq!(found, !message.is_empty(), "{place} {through}: {messages:?}");
            assert_eq!(loaded.blueprint.is_some(), message.is_empty(), "{place}: {messages:?}");
        }
    }
    let text = one_section_a_line(
        "workloads: { web: { to: a, arrivals: constant 10/s } }
         services: { a: { handle: [ { work: 1ms } ] } }
         alerts: { Late: { when: p99 of web is above 1s } }
         expect: [ alert Late is never delivered ]",
    );
    let problems = load_text(&text, &[]).problems;
    assert!(problems.iter().any(|it| it.message.contains("goes through no service")));
}
