//! Settings of sony/gobreaker v2, as Go code.

use std::fmt::Write;

use sim_core::SimDuration;

use super::breaker_remarks::{remark_on_slow_calls, remark_on_timer, remark_on_wait};
use super::durations::in_largest_unit;
use super::format::Writer;
use super::guarded_call::{GuardSettings, GuardedCall};
use super::remark::CallRemarks;
use super::{ConfigurationFormat, Exporter, Remark};
use crate::resilience::circuit_breaker::libraries::{GoBreakerSettings, ReadyToTrip};
use crate::resilience::circuit_breaker::{
    BreakerSettings, ComposedSettings, LateResults, PermitCounting, TripRule, Wait, WindowLength,
};

pub(super) const FORMAT: ConfigurationFormat = ConfigurationFormat {
    name: "gobreaker",
    import: None,
    export: Some(Exporter {
        files: "Settings in Go",
        is_for_proxies: false,
        writer: Writer::Text { extension: "go", comment: "//", write },
    }),
};

/// A file of package `breakers` with a variable for each breaker.
fn write(calls: &[&GuardedCall], remarks: &mut Vec<Remark>) -> String {
    let mut variables = Vec::new();
    let mut breakers = String::new();
    for call in calls {
        let remarks = &mut CallRemarks::new(call, remarks);
        for guard in &call.guards {
            if let Some((settings, rules)) = breaker_of(guard, remarks) {
                let variable = variable_of(call, &variables);
                breakers.push_str(&code(call, &variable, &settings, &rules));
                variables.push(variable);
            }
        }
        call.remark_on_kept(remarks);
        call.remark_on_client(remarks);
    }
    if variables.is_empty() {
        "\npackage breakers\n".to_owned()
    } else {
        format!("{HEAD}{breakers}")
    }
}

/// The beginning of a file that has breakers. The empty line keeps the comments before it from being those of the package.
const HEAD: &str = "
package breakers

import (
\t\"time\"

\t\"github.com/sony/gobreaker/v2\"
)
";

/// One of the conditions under which `ReadyToTrip` opens the breaker.
enum Rule {
    ConsecutiveFailures(u32),
    Failures(u32),
    Share {
        /// The count in gobreaker that failures are a share of.
        of: Base,
        minimum: u32,
        ratio: f64,
    },
}

/// The calls that failures are a share of.
#[derive(Clone, Copy, PartialEq)]
enum Base {
    /// All calls let through, also those under way.
    Requests,
    /// The calls that have ended and are not excluded.
    Results,
}

/// The settings of a guard that is a breaker, and the rules of its `ReadyToTrip`; a remark on any
/// other.
fn breaker_of(
    guard: &GuardSettings,
    remarks: &mut CallRemarks<'_>,
) -> Option<(GoBreakerSettings, Vec<Rule>)> {
    match guard {
        GuardSettings::Breaker(BreakerSettings::GoBreaker(settings), outcomes) => {
            outcomes.remark(remarks);
            let rule = match settings.ready_to_trip {
                ReadyToTrip::ConsecutiveFailures(failures) => Rule::ConsecutiveFailures(failures),
                ReadyToTrip::FailureRatio { minimum_requests: minimum, ratio } => {
                    Rule::Share { of: Base::Requests, minimum, ratio }
                }
            };
            return Some((*settings, vec![rule]));
        }
        GuardSettings::Breaker(BreakerSettings::Composed(settings), outcomes) => {
            outcomes.remark(remarks);
            let rules = rules_of(&settings.trip, settings.window, remarks);
            return Some((nearest_breaker(settings, remarks), rules));
        }
        GuardSettings::Breaker(settings, _) => {
            remarks.add(format!("this breaker follows the rules of another library: {settings}"));
        }
        GuardSettings::Timeout(timeout) | GuardSettings::AttemptTimeout(timeout) => {
            remarks.add(format!(
                "for the {}, pass a context with a timeout of {timeout}",
                guard.name()
            ));
        }
        _ => remarks.add(format!("gobreaker has no {guard}")),
    }
    None
}

/// The settings of gobreaker that are nearest to those of a composed breaker.
fn nearest_breaker(
    settings: &ComposedSettings,
    remarks: &mut CallRemarks<'_>,
) -> GoBreakerSettings {
    let (interval, bucket_period) = interval_of(settings, remarks);
    let timeout = match settings.wait {
        Wait::Fixed(wait) | Wait::Adaptive { initial: wait, .. } => wait,
        Wait::Exponential { base, .. } => base,
    };
    remark_on_slow_calls(&settings.trip, remarks);
    remark_on_wait(settings, false, remarks);
    remark_on_timer(settings, remarks);
    remarks.add_if(
        settings.late_results == LateResults::Counted,
        "results of calls that began before the last change of state do not count",
    );
    GoBreakerSettings {
        max_requests: max_requests_of(settings, remarks),
        interval,
        bucket_period,
        // gobreaker takes zero for its default of 60 s.
        timeout: timeout.max(SimDuration::from_nanos(1)),
        ..GoBreakerSettings::default()
    }
}

/// The `Interval` and `BucketPeriod` for a window; none if no rule looks at it.
fn interval_of(
    settings: &ComposedSettings,
    remarks: &mut CallRemarks<'_>,
) -> (SimDuration, SimDuration) {
    let ComposedSettings { trip, window, .. } = settings;
    if trip.failures.is_none() && trip.failure_rate.is_none() {
        return (SimDuration::ZERO, SimDuration::ZERO);
    }
    let (interval, bucket_period) = match *window {
        WindowLength::Seconds(seconds) => {
            let second = SimDuration::from_secs(1);
            (second * u64::from(seconds), second)
        }
        WindowLength::Buckets(1, width) => (width, SimDuration::ZERO),
        WindowLength::Buckets(count, width) => (width * u64::from(count), width),
        WindowLength::Calls(calls) => {
            remarks.add(format!(
                "gobreaker has no window of {calls} calls; it counts everything since it closed"
            ));
            return (SimDuration::ZERO, SimDuration::ZERO);
        }
    };
    remarks.add(if interval == bucket_period || bucket_period.is_zero() {
        "an interval begins when the breaker closes, or with the first call after the last one; \
         results of calls from before it do not count"
    } else {
        "the buckets of the window begin when the breaker closes, and a result counts in the bucket \
         in which its call began"
    });
    remarks.add_if(
        trip.consecutive_failures.is_some(),
        "failures in a row are forgotten with the window",
    );
    (interval, bucket_period)
}

/// The `MaxRequests` of a half-open breaker, which are both the calls that it lets through and the
/// successes that close it.
fn max_requests_of(settings: &ComposedSettings, remarks: &mut CallRemarks<'_>) -> u32 {
    let ComposedSettings { trip, half_open, .. } = settings;
    let permitted = half_open.permitted_calls;
    let judges_shares = half_open.success_threshold.is_none() && !trip.has_no_rate();
    let closes_after = half_open.success_threshold.unwrap_or(permitted.min(trip.minimum_calls));
    let max_requests = half_open.success_threshold.unwrap_or(permitted).max(1);
    remarks.add_if(
        judges_shares && permitted > 1,
        "a half-open breaker opens again at the first failure",
    );
    if closes_after.max(1) != max_requests {
        remarks.add(format!("a half-open breaker closes after {max_requests} successes"));
    }
    if permitted != max_requests {
        remarks
            .add(format!("a half-open breaker lets {max_requests} calls through, not {permitted}"));
    }
    remarks.add_if(
        half_open.permits == PermitCounting::Concurrent && max_requests > 1,
        "a half-open breaker counts all calls that it has let through, not those under way",
    );
    if let Some(stay) = half_open.max_stay {
        remarks.add(format!(
            "a half-open breaker waits for its calls however long they take, not for at most {stay}"
        ));
    }
    max_requests
}

/// The rules of a composed breaker, any of which opens it.
fn rules_of(trip: &TripRule, window: WindowLength, remarks: &mut CallRemarks<'_>) -> Vec<Rule> {
    let failures = trip.failures.map(|failures| match window {
        WindowLength::Calls(calls) => {
            let calls = calls.max(1);
            remarks.add(format!("{failures} failures of {calls} calls become a share"));
            let ratio = f64::from(failures.min(calls)) / f64::from(calls);
            Rule::Share { of: Base::Results, minimum: calls, ratio }
        }
        _ => Rule::Failures(failures),
    });
    let minimum = match window {
        WindowLength::Calls(calls) => trip.minimum_calls.min(calls),
        _ => trip.minimum_calls,
    };
    let rate = trip.failure_rate.map(|ratio| Rule::Share { of: Base::Results, minimum, ratio });
    remarks.add_if(
        rate.is_some(),
        "the share of failures is looked at after each failure, not after a success",
    );
    let in_a_row = trip.consecutive_failures.map(Rule::ConsecutiveFailures);
    let rules: Vec<Rule> = [in_a_row, failures, rate].into_iter().flatten().collect();
    remarks.add_if(
        rules.is_empty(),
        "this breaker does not open for failures, and gobreaker's for nothing else",
    );
    rules
}

/// The name of the variable for the next breaker of a call: `OrdersToStock`, or with a number if
/// that is taken.
fn variable_of(call: &GuardedCall, taken: &[String]) -> String {
    let name = format!("{}To{}", camel_case(&call.caller), camel_case(&call.callee));
    let name = if name.starts_with(char::is_numeric) { format!("From{name}") } else { name };
    let mut names =
        std::iter::once(name.clone()).chain((2..).map(|number| format!("{name}{number}")));
    names.find(|name| !taken.contains(name)).unwrap_or_default()
}

fn camel_case(name: &str) -> String {
    let words = name.split(['-', '_']);
    words
        .flat_map(|word| {
            let mut letters = word.chars();
            letters.next().into_iter().flat_map(char::to_uppercase).chain(letters)
        })
        .collect()
}

/// A breaker as Go code, in the layout of `gofmt`.
fn code(
    call: &GuardedCall,
    variable: &str,
    settings: &GoBreakerSettings,
    rules: &[Rule],
) -> String {
    let GuardedCall { caller, callee, .. } = call;
    let spans = [
        ("Interval", settings.interval, settings.interval.is_zero()),
        ("BucketPeriod", settings.bucket_period, settings.bucket_period.is_zero()),
        ("Timeout", settings.timeout, false),
    ];
    let spans = spans.into_iter().filter(|(.., is_left_out)| !is_left_out);
    let mut fields =
        vec![("Name", format!("\"{callee}\"")), ("MaxRequests", settings.max_requests.to_string())];
    fields.extend(spans.map(|(key, span, _)| (key, duration(span))));
    let width = fields.iter().map(|(key, _)| key.len()).max().unwrap_or(0) + 1;
    let mut text = format!(
        "\n// {variable} is the breaker of the calls {caller} -> {callee}.\n\
         var {variable} = gobreaker.NewCircuitBreaker[any](gobreaker.Settings{{\n"
    );
    for (key, value) in fields {
        let _ = writeln!(text, "\t{:width$} {value},", format!("{key}:"));
    }
    let _ = writeln!(text, "\tReadyToTrip: func(counts gobreaker.Counts) bool {{");
    text.push_str(&body(rules));
    text.push_str("\t},\n})\n");
    text
}

/// The body of `ReadyToTrip`, which is met when any of the rules is.
fn body(rules: &[Rule]) -> String {
    let mut text = String::new();
    if rules.iter().any(|rule| matches!(rule, Rule::Share { of: Base::Results, .. })) {
        text.push_str("\t\tresults := counts.TotalSuccesses + counts.TotalFailures\n");
    }
    let condition = match rules {
        [] => "false".to_owned(),
        [rule] => rule.condition(),
        rules => {
            let conditions: Vec<String> = rules.iter().map(Rule::condition).collect();
            format!("({})", conditions.join(") ||\n\t\t\t("))
        }
    };
    let _ = writeln!(text, "\t\treturn {condition}");
    text
}

impl Rule {
    /// The rule as an expression in Go.
    fn condition(&self) -> String {
        match self {
            Self::ConsecutiveFailures(failures) => {
                format!("counts.ConsecutiveFailures >= {failures}")
            }
            Self::Failures(failures) => format!("counts.TotalFailures >= {failures}"),
            Self::Share { of, minimum, ratio } => {
                let calls = match of {
                    Base::Requests => "counts.Requests",
                    Base::Results => "results",
                };
                format!(
                    "{calls} >= {minimum} && float64(counts.TotalFailures)/float64({calls}) >= {ratio}"
                )
            }
        }
    }
}

fn duration(span: SimDuration) -> String {
    let (count, unit) =
        in_largest_unit(span, ["Second", "Millisecond", "Microsecond", "Nanosecond"]);
    format!("{count} * time.{unit}")
}
