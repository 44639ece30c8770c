//! The report of a recommendation fits the width it is given, whatever it says, and calls settings
//! by their labels.

use proptest::prelude::*;
use sim_experiments::Unattended;
use sim_experiments::recommend::{
    Breach, Conclusion, Formula, FormulaEstimate, Kept, Recheck, Rechecked, Recommendation,
    Standing, TunableSystem, Unmet, block, recheck, recommend,
};
use sim_models::observe::FigureUnit;
use sim_models::scenario::{Input, Overrides};
use sim_models::study::{Level, Parameter, Values};
use sim_reports::recommend::{json, recheck_report, report, values};
use sim_reports::{Palette, Paper, diagnostics};

use crate::documents::{flaws, validator};
use crate::running::one_section_a_line;

/// A load that doubles, three settings of which two have labels, and objectives that conflict.
const QUEUE: &str = "run: { duration: 1m, warmup: 5s, seed: 5 }
    workloads: { web: { to: api, arrivals: { ramp: [ { at: 0s, rate: 40/s }, { at: 30s, rate: 100/s } ] } } }
    services: { api: { threads: 30, handle: [ { work: exponential 50ms } ] } }
    calls: { web -> api: { timeout: 1s, bulkhead: { semaphore: 60 } } }
    prices: { thread: 1 }
    goals: { settings: { services.api.threads: { values: 5..40, label: threads of the API }, calls.web -> api.timeout: { values: 500ms..2s log, label: patience }, calls.web -> api.bulkhead: [ on, off, { semaphore: 50 } ] }, limits: [ mean latency of web is below 58ms ], maximize: [ goodput of web ], minimize: [ cost ], runs: 12, validations: 3 }";

fn input(text: &str) -> Input {
    Input { name: "queue.yaml".into(), text: one_section_a_line(text), folder: ".".into() }
}

fn found() -> (TunableSystem, Recommendation) {
    let system = TunableSystem::prepare(input(QUEUE), Overrides::default())
        .unwrap_or_else(|why| panic!("{why:?}"));
    let found = recommend(&system, &Unattended { jobs: 2 }).expect("not interrupted");
    (system, found)
}

#[test]
fn settings_are_called_by_their_labels_and_pasted_by_their_paths() {
    let (system, found) = found();
    let text = report(&found, "queue", Palette::Plain);
    assert!(text.contains("  threads of the API  "), "{text}");
    let (_, pasted) = text.split_once("To be pasted").expect("a change");
    let pasted = pasted.lines().nth(1).expect("a line");
    assert!(pasted.contains("--set services.api.threads=") && !pasted.contains("API"), "{pasted}");
    let listed = values(&system, &found.candidate(), Palette::Plain);
    assert!(listed.contains("  patience  ") && listed.contains("calls.web -> api.bulkhead"));
    let record: serde_json::Value = serde_json::from_str(&json(&found, "queue")).expect("JSON");
    let of = |place: usize, key: &str| record["settings"][place][key].clone();
    assert_eq!(
        (of(1, "path"), of(1, "label")),
        ("calls.web -> api.timeout".into(), "patience".into())
    );
    assert!(of(2, "label").is_null());
    // The load is that of its busiest time: 100/s at least, and not the mean of 85/s.
    let busiest = found.estimates[0].busiest_tenth.expect("the load varies");
    assert!((95.0..125.0).contains(&busiest), "{busiest}");
    assert!(text.contains("with the load at its busiest interval"), "{text}");
    assert!(
        text.contains(&format!("threads of the API (busiest tenth: {busiest:.0}/s)")),
        "{text}"
    );
    assert_eq!(found.estimates[1].busiest_tenth, None, "a latency is no load");
}

#[test]
fn labels_that_say_nothing_or_the_same_are_errors() {
    let text = "workloads: { web: { to: api, arrivals: poisson 100/s } }
services: { api: { threads: 4, handle: [ { work: 1ms } ] } }
calls: { web -> api: { timeout: 1s, bulkhead: { semaphore: 9 } } }
goals:
  settings:
    services.api.threads: { values: 5..40, label: the same }
    calls.web -> api.timeout: { values: 1s..2s, label: the same }
    calls.web -> api.bulkhead.semaphore: { values: 9..5, label: ' ' }
    calls.web -> api.breaker.wait: { label: wait, value: 9s }
  limits: [ p99 of web is below 90ms ]
";
    let input = Input { name: "labels.yaml".into(), text: text.into(), folder: ".".into() };
    let checked = sim_models::scenario::check(&input, &Overrides::default());
    insta::assert_snapshot!(diagnostics::render(
        &checked.problems,
        &checked.sources,
        Palette::Plain
    ));
}

/// Names, conditions, sentences and values of all lengths, from a few words to several lines.
#[derive(Clone, Debug)]
struct Wording {
    texts: Vec<String>,
    values: Vec<String>,
    figures: Vec<f64>,
    kept: Vec<(u64, u64)>,
}

fn wording() -> impl Strategy<Value = Wording> {
    let word = "[a-z>.é-]{1,18}";
    let text = proptest::collection::vec(word, 1..14).prop_map(|words| words.join(" "));
    let value = prop_oneof!["[0-9]{1,4}ms", "[0-9]{1,3} calls", "\\{\"[a-z]{3,30}\":[0-9]{1,3}\\}"];
    let kept = (0_u64..300, 1_u64..300).prop_map(|(kept, more)| (kept, kept + more));
    (
        proptest::collection::vec(text, 24),
        proptest::collection::vec(value, 12),
        proptest::collection::vec(0.0..5e5_f64, 8),
        proptest::collection::vec(kept, 6),
    )
        .prop_map(|(texts, values, figures, kept)| Wording { texts, values, figures, kept })
}

impl Wording {
    fn text(&self, place: usize) -> String {
        self.texts[place % self.texts.len()].clone()
    }

    fn level(&self, place: usize) -> Level {
        let shown = self.values[place % self.values.len()].clone();
        Level { setting: Some(shown.clone()), shown, number: place as f64 }
    }

    fn breach(&self, place: usize) -> Breach {
        let figure =
            Some(self.figures[place % self.figures.len()]).filter(|_| !place.is_multiple_of(5));
        Breach {
            at: self.level(place),
            condition: Some(self.text(place + 1)).filter(|_| !place.is_multiple_of(3)),
            limit: self.text(place + 2),
            kept: Some(Kept { kept: place as u64, runs: 10 + place as u64 }),
            figure,
            unit: FigureUnit::Time,
        }
    }

    /// A recommendation that says the same things in these words.
    fn say(
        &self,
        found: &Recommendation,
        settings: usize,
        conclusion: Conclusion,
    ) -> Recommendation {
        let mut said = found.clone();
        said.conclusion = conclusion;
        let all = |place: usize| {
            let values: Values =
                if place % 3 == 2 { "a, b, c" } else { "5..40" }.parse().expect("values");
            Parameter { path: self.text(place), values }
        };
        said.plan.settings = (0..settings).map(all).collect();
        said.plan.labels =
            (0..settings).map(|place| (place % 2 == 0).then(|| self.text(place + 7))).collect();
        said.plan.now = (0..settings).map(|place| Some(self.level(place))).collect();
        said.advice = (0..settings)
            .map(|place| {
                let mut advice = found.advice[0].clone();
                advice.now = said.plan.now[place].clone().filter(|_| place % 4 > 0);
                advice.recommended = self.level(place + 1);
                advice.is_changed = place % 5 > 0;
                advice.safe = Some((self.level(place), self.level(place + 2)));
                advice.below = (place % 2 == 0).then(|| self.breach(place));
                advice.above = (place % 3 == 0).then(|| self.breach(place + 3));
                advice.others = (0..place % 4)
                    .map(|other| (self.level(other), (other > 0).then(|| self.breach(other))))
                    .collect();
                advice
            })
            .collect();
        said.limits = (0..6)
            .map(|place| {
                let mut limit = found.limits[0].clone();
                (limit.condition, limit.limit) = (self.text(place / 2), self.text(place + 9));
                let (kept, runs) = self.kept[place];
                (limit.now.kept.kept, limit.now.kept.runs) = (kept, runs);
                limit.now.standing = Standing::Unsure;
                limit
            })
            .collect();
        for (place, strained) in said.strained.iter_mut().enumerate() {
            strained.breaches = (0..place).map(|breach| self.breach(breach + 4)).collect();
        }
        for (place, objective) in said.plan.objectives.iter_mut().enumerate() {
            objective.text = self.text(place + 11);
        }
        let values = |point: usize| vec![self.figures[point], self.figures[point + 1]];
        let levels = |point: usize| (0..settings).map(|place| self.level(place * point)).collect();
        said.front = (0..3).map(|point| (levels(point), values(point))).collect();
        let unmet = |place: usize| Unmet {
            condition: self.text(place),
            limit: self.text(place + 3),
            unit: FigureUnit::Share,
            best: Some(0.5).filter(|_| place > 0),
            is_met_by_others: place == 1,
            at_best_ends: (place < 2).then_some((Kept { kept: 0, runs: 10 }, Some(0.4))),
            at_the_cost_of: (place == 2).then(|| (self.text(5), self.text(6))),
        };
        said.unmet = (0..3).map(unmet).collect();
        said.nearest_after = Some((900, 1_000));
        let (rate, expected) = (self.figures[0], self.figures[1]);
        let formulas = vec![
            Formula::Little { rate, held: 0.1 },
            Formula::ThreeTerms { expected, fair_share: Some(80.0), tolerated: Some(rate) },
        ];
        let estimate = |setting| FormulaEstimate {
            setting,
            formulas: formulas.clone(),
            busiest_tenth: (setting % 2 == 0).then_some(rate),
        };
        said.estimates = (0..settings).map(estimate).collect();
        said
    }
}

/// The lines that are longer than `columns`, but for those that are a single word behind their mark
/// or the name before it, and those that are pasted into a shell.
fn too_long(text: &str, columns: usize) -> Vec<String> {
    let is_too_long = |line: &&str| {
        let longest = line.split_whitespace().map(|word| word.chars().count()).max().unwrap_or(0);
        line.chars().count() > columns
            && longest + 8 < columns
            && !line.trim_start().starts_with("--set ")
    };
    text.lines().filter(is_too_long).map(str::to_owned).collect()
}

/// The words of lines that a shell joins at each backslash before their end.
fn joined(lines: &str) -> String {
    lines.replace("\\\n", " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn no_line_is_wider_than_the_report() {
    let (system, found) = found();
    let checked = recheck(
        &system,
        &system.systems(&found.candidate()).expect("sound"),
        block(2, 3).expect("few"),
        &Unattended { jobs: 2 },
    );
    let checked = checked.expect("not interrupted");
    let of_limit = |limit: &sim_experiments::recommend::LimitStanding| Rechecked {
        limit: limit.clone(),
        missed_in: vec![2_000_001; 2],
    };
    let config =
        ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() };
    let cases = (wording(), 1_usize..9, 0_usize..4);
    let described = validator("recommendation");
    proptest!(config, |((wording, settings, conclusion) in cases)| {
        let conclusions = [Conclusion::Change, Conclusion::Keep, Conclusion::Unmet, Conclusion::Interrupted];
        let said = wording.say(&found, settings, conclusions[conclusion]);
        for columns in [80, 120] {
            let paper = Paper::new(Palette::Plain, columns);
            let name = wording.text(3);
            let text = report(&said, &name, paper);
            prop_assert_eq!(too_long(&text, columns), Vec::<String>::new(), "{}", text);
            prop_assert!(text.lines().all(|line| line == line.trim_end()), "{}", text);
            let again = Recheck { limits: said.limits.iter().map(of_limit).collect(), ..checked.clone() };
            let text = recheck_report(&again, &name, paper);
            prop_assert_eq!(too_long(&text, columns), Vec::<String>::new(), "{}", text);
        }
        let document: serde_json::Value = serde_json::from_str(&json(&said, "x")).expect("JSON");
        prop_assert_eq!(flaws(&described, &document), Vec::<String>::new());
        // Whatever the width, the same words are there, and the same can be pasted.
        let [narrow, wide] = [80, 10_000].map(|columns| report(&said, "x", Paper::new(Palette::Plain, columns)));
        let pasted = |text: &str| {
            let from = text.find("  --set ").unwrap_or(text.len());
            joined(text[from..].split("\n\n").next().unwrap_or_default())
        };
        prop_assert_eq!(pasted(&narrow), pasted(&wide));
    });
}

/// The words are all there in any width: what does not fit is on another line, and not cut.
#[test]
fn nothing_is_cut() {
    let (system, found) = found();
    let listed = |columns| {
        let paper = Paper::new(Palette::Plain, columns);
        let text = values(&system, &found.candidate(), paper).replace("\\\n", "\n");
        let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        words.sort_unstable();
        words
    };
    assert_eq!(listed(60), listed(300));
    assert_eq!(Paper::new(Palette::Plain, 3), Paper::new(Palette::Plain, Paper::FEWEST));
}
