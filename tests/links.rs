//! Links: messages that take turns, wait, and are lost.

use sim_experiments::Finished;
use sim_models::expect::judge;
use sim_models::observe::{Change, LinkSummary};
use sim_models::scenario::Loaded;

use crate::running::{call, ended, load_text, one_section_a_line, pool, run_sections};
use sim_models::system::Id;

/// Requests of a workload over a link to a service that answers at once, unless `handle` says
/// otherwise.
fn over(link: &str, arrivals: &str, guards: &str, rest: &str) -> Finished {
    run_sections(&text(link, arrivals, guards, rest), &[])
}

fn text(link: &str, arrivals: &str, guards: &str, rest: &str) -> String {
    format!(
        "run: {{ duration: 60s, drain: 60s }}
         links: {{ wan: {{ {link} }} }}
         workloads: {{ w: {{ to: a, {arrivals} }} }}
         services: {{ a: {{ threads: 100000, handle: [ {{ pause: 1ns }} ] }} }}
         calls: {{ w -> a: {{ link: wan, {guards} }} }}
         {rest}"
    )
}

fn directions(finished: &Finished) -> (&LinkSummary, &LinkSummary) {
    let [there, back] = &finished.summary.links[..] else { panic!("one link") };
    (there, back)
}

/// The loss and the mean number in the system of a queue M/D/1/K, from the chain embedded at the
/// departures; `rho` arrivals come while one is served.
fn md1k(rho: f64, places: usize) -> (f64, f64) {
    let mut arrivals = vec![libm::exp(-rho)];
    for count in 1..places {
        arrivals.push(arrivals[count - 1] * rho / count as f64);
    }
    // What leaves j behind: after an idle time j came while the first was served; otherwise one of
    // those before is gone. The last equation is that of the sum.
    let mut left = vec![1.0];
    for j in 0..places - 1 {
        let others: f64 = (1..=j).map(|i| left[i] * arrivals[j + 1 - i]).sum();
        left.push((left[j] - left[0] * arrivals[j] - others) / arrivals[0]);
    }
    let all: f64 = left.iter().sum();
    let left: Vec<f64> = left.iter().map(|it| it / all).collect();
    let norm = left[0] + rho;
    let loss = 1.0 - 1.0 / norm;
    let mean: f64 = left.iter().enumerate().map(|(n, p)| n as f64 * p / norm).sum();
    (loss, mean + places as f64 * loss)
}

/// Messages that come by chance, take equal time and find a finite queue: M/D/1/K. The answers
/// leave at least as far apart as they need, and never wait.
#[test]
fn waiting_and_loss_are_those_of_a_finite_queue() {
    for (rate, queue) in [(800.0, 4), (950.0, 9), (1_300.0, 9)] {
        let finished = over(
            &format!("rate: 1000/s, queue: {queue}"),
            &format!("arrivals: poisson {rate}/s"),
            "timeout: 50s",
            "",
        );
        let (loss, number) = md1k(rate / 1_000.0, queue + 1);
        let calls = call(&finished, "w -> a").calls as f64;
        let lost = ended(&finished, "w -> a", "timeout") as f64 / calls;
        let deviation = 5.0 * (loss / calls).sqrt();
        assert!((lost - loss).abs() < deviation.max(0.01 * loss), "{rate}: {lost}, not {loss}");
        let expected = number / (rate * (1.0 - loss)) + 0.001;
        let found = finished.summary.workloads[0].latency.mean;
        assert!((found / expected - 1.0).abs() < 0.02, "{rate}: {found}, not {expected}");
        let (there, back) = directions(&finished);
        assert_eq!((back.dropped, there.lost, back.lost), (0, 0, 0));
        let busy = rate / 1_000.0 * (1.0 - loss) * 60.0;
        assert!((there.busy / busy - 1.0).abs() < 0.02, "{} s, not {busy} s", there.busy);
    }
}

/// Each message is lost by itself: a request succeeds if neither it nor its answer is.
#[test]
fn losses_are_independent() {
    for loss in [0.01, 0.3] {
        let link = format!("loss: {}%", loss * 100.0);
        let finished = over(&link, "arrivals: constant 1000/s", "timeout: 1s", "");
        let calls = call(&finished, "w -> a").calls as f64;
        let expected = (1.0 - loss) * (1.0 - loss);
        let deviation = (expected * (1.0 - expected) / calls).sqrt();
        let found = ended(&finished, "w -> a", "ok") as f64 / calls;
        assert!((found - expected).abs() < 5.0 * deviation, "{found} instead of {expected}");
        assert!(finished.system.is_drained());
    }
}

/// Whatever is sent is delivered, or lost on the way, or finds no place.
#[test]
fn every_message_is_accounted_for() {
    for guards in [
        "timeout: 300ms",
        "timeout: 100ms, retry: { attempts: 3, backoff: fixed 20ms }",
        "call timeout: 150ms",
    ] {
        let finished = over(
            "rate: 110/s, queue: 10, loss: 2%, latency: exponential 5ms",
            "arrivals: poisson 100/s",
            guards,
            "",
        );
        let (there, back) = directions(&finished);
        let handled = pool(&finished, "a").granted;
        assert_eq!(there.sent - there.lost - there.dropped, handled, "{guards}");
        assert_eq!(back.sent, handled, "{guards}");
        let answered = back.sent - back.lost - back.dropped;
        assert!(ended(&finished, "w -> a", "ok") <= answered, "{guards}");
        assert!(there.lost > 0 && there.dropped > 0 && back.lost > 0, "{guards}");
        assert!(finished.system.is_drained(), "{guards}");
    }
}

/// A message that is lost is sent again after a time that doubles: with the loss p and the time t it
/// is late by t p / (1 - 2 p) on average, and a call has two messages.
#[test]
fn a_message_that_is_sent_again_is_late() {
    let p = 0.1;
    let link = "loss: 10%, retransmit after: 200ms";
    let expected = 2.0 * 0.2 * p / (1.0 - 2.0 * p);
    let finished = over(link, "arrivals: constant 1000/s", "latency: 1ms", "");
    assert_eq!(ended(&finished, "w -> a", "ok"), call(&finished, "w -> a").calls);
    let found = finished.summary.workloads[0].latency.mean - 0.002;
    for link in &finished.summary.links {
        let lost = link.lost as f64 / link.sent as f64;
        assert!((lost - p).abs() < 0.006, "{lost} instead of {p}");
    }
    assert!((found / expected - 1.0).abs() < 0.05, "{found} instead of {expected}");
}

/// Two calls that share a link have half of it each; a call beside it is not hindered.
#[test]
fn calls_share_a_link() {
    let finished = run_sections(
        "run: { duration: 60s, drain: 60s }
         links: { wan: { rate: 100/s } }
         workloads: { one: { to: a, arrivals: constant 75/s }, two: { to: b, arrivals: constant 75/s }, three: { to: c, arrivals: constant 75/s } }
         services: { a: { handle: [ { pause: 1ns } ] }, b: { handle: [ { pause: 1ns } ] }, c: { handle: [ { pause: 1ns } ] } }
         calls: { one -> a: { link: wan }, two -> b: { link: wan } }",
        &[],
    );
    // A third of what comes in a minute is left over then, and takes thirty seconds.
    let longest = |workload: usize| finished.summary.workloads[workload].latency.max;
    assert!((longest(0) - 30.0).abs() < 0.5 && (longest(1) - 30.0).abs() < 0.5);
    assert!(longest(2) < 1e-6);
    let saturated: Vec<&Change> = finished.timeline.iter().map(|moment| &moment.change).collect();
    assert!(saturated.iter().any(|change| {
        matches!(change, Change::LinkSaturates { link, direction } if link == "wan" && direction == "requests")
    }));
}

/// Long queues before a slow link are worse than none: while retries of what waits too long fill
/// it, nothing gets through in time, even after the load is as before (congestion collapse). A short
/// queue loses what would be late anyway.
#[test]
fn a_long_queue_before_a_slow_link_collapses_under_retries() {
    let after_the_surge = |queue: u32| {
        let guards = "timeout: 200ms, retry: { attempts: 3, backoff: fixed 10ms }";
        let finished = over(
            &format!("rate: 100/s, queue: {queue}"),
            "arrivals: poisson 70/s",
            guards,
            "faults: [ { at: 10s, for: 5s, surge: w, by: 3x } ]",
        );
        let series = &finished.system.recorder().workloads()[Id::new(0)].series;
        let good: u32 = (40..60).map(|interval| series.good(interval)).sum();
        f64::from(good) / (20.0 * 70.0)
    };
    let (long, short) = (after_the_surge(1_000), after_the_surge(10));
    assert!(long < 0.05, "{long}");
    assert!(short > 0.95, "{short}");
}

/// All messages between two regions go over the link between them, each way by itself.
#[test]
fn a_link_between_regions_is_for_all_their_messages() {
    let finished = run_sections(
        "run: { duration: 60s, drain: 60s }
         regions: { us: { eu: 40ms }, eu: {} }
         links: { sea: { between: [us, eu], rate: 1000/s } }
         workloads: { near: { to: a, region: us, arrivals: constant 10/s }, far: { to: a, region: eu, arrivals: constant 20/s } }
         services: { a: { region: us, handle: [ { call: b } ] }, b: { region: eu, handle: [ { pause: 1ns } ] } }",
        &[],
    );
    let (us_to_eu, eu_to_us) = directions(&finished);
    assert_eq!([&us_to_eu.direction, &eu_to_us.direction], ["us -> eu", "eu -> us"]);
    // Requests to b and answers to `far` go east; requests of `far` and answers of b go west.
    let expected = 30 * 60 + 20 * 60;
    assert!(us_to_eu.sent.abs_diff(expected) <= 5, "{}", us_to_eu.sent);
    assert!(eu_to_us.sent.abs_diff(expected) <= 5, "{}", eu_to_us.sent);
    let latency = |workload: usize| finished.summary.workloads[workload].latency.mean;
    assert!((latency(0) - 0.082).abs() < 0.002, "{}", latency(0));
    assert!((latency(1) - 0.164).abs() < 0.003, "{}", latency(1));
}

/// A link without limits changes nothing.
#[test]
fn a_link_without_limits_is_none() {
    let guards =
        "latency: exponential 20ms, timeout: 50ms, retry: { attempts: 2, backoff: fixed 5ms }";
    let with = over("rate: 1000000000/s", "arrivals: poisson 100/s", guards, "");
    let text = text("", "arrivals: poisson 100/s", guards, "");
    let without =
        run_sections(&text.replace("link: wan,", "").replace("links: { wan: {  } }", ""), &[]);
    let counts = |finished: &Finished| {
        (call(finished, "w -> a").ended.clone(), call(finished, "w -> a").attempts)
    };
    assert_eq!(counts(&with), counts(&without));
}

fn problems(text: &str) -> (Loaded, Vec<String>) {
    let loaded = load_text(&one_section_a_line(text), &[]);
    let messages = loaded.problems.iter().map(|problem| problem.message.clone()).collect();
    (loaded, messages)
}

#[test]
fn figures_and_events_of_links_can_be_expected() {
    let expect = "expect: [ lost of link wan is at most 0, utilization of link wan stays below 95%, \
         queue of link wan stays below 5, link wan never saturates, sent of link wan is at least 100 ]";
    let text = text("rate: 1000/s, queue: 10", "arrivals: constant 100/s", "timeout: 1s", expect);
    let (loaded, messages) = problems(&text);
    assert!(messages.is_empty(), "{messages:?}");
    let finished = crate::running::run(&loaded.blueprint.expect("sound"));
    for expectation in &finished.system.blueprint().expectations {
        let verdict = judge(expectation, &finished.system, &finished.timeline, None);
        assert!(verdict.holds, "{}", expectation.text);
    }
}

#[test]
fn settings_of_links_that_do_not_fit_have_messages() {
    for (link, guards, rest, message) in [
        ("queue: 5", "timeout: 1s", "", "nothing waits at a link without a rate"),
        ("rate: 0/s", "", "", "a rate of zero lets nothing through"),
        ("loss: 1%", "", "", "`w -> a` waits for ever for a message that `wan` loses"),
        ("between: [us, eu]", "", "regions: { us: { eu: 1ms }, eu: {} }", "and for a call"),
        (
            "between: [us]",
            "",
            "regions: { us: { eu: 1ms }, eu: {} }",
            "a link is between two regions",
        ),
        ("between: [us, us]", "", "regions: { us: { eu: 1ms }, eu: {} }", "no link fits"),
        ("rate: 5/s", "", "expect: [ lost of link van is at most 0 ]", "there is no link `van`"),
    ] {
        let (_, found) = problems(&text(link, "arrivals: constant 10/s", guards, rest));
        assert!(found.iter().any(|it| it.contains(message)), "{link}: {found:?}");
    }
    let valid = text("rate: 5/s", "arrivals: constant 1/s", "", "");
    let (_, found) = problems(&valid.replace("link: wan", "link: van"));
    assert!(found.iter().any(|it| it == "there is no link `van`"), "{found:?}");
    let (_, found) = problems(&valid.replace("link: wan,", ""));
    assert!(found.iter().any(|it| it == "nothing goes over the link `wan`"), "{found:?}");
}
