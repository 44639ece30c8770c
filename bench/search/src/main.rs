//! Compares searches by the recommendations that they lead to: each gets the same number of runs in all,
//! and what it finds is confirmed, simplified and, if it is refuted, searched on in the same way.
//!
//! `cargo run --release -- SEEDS RUNS FRESH SCENARIO...` prints, for each search and seed, the objective
//! of the answer, `!` if it does not meet every limit, and the least number of FRESH unseen runs that
//! kept a limit; RUNS 0 stands for the default of the scenario. `SEARCHES=a,b` selects searches by name.
#![forbid(unsafe_code)]

use std::path::Path;

use optimizer::parameter::{FloatParam, Parameter};
use optimizer::sampler::{Sampler, de::DESampler, gp::GpSampler};
use optimizer::{Direction, Study};
use sim_experiments::recommend::{
    Candidate, Conclusion, Coordinate, Search, Strategy, TunableSystem, block, in_all_directions,
    look_for, recheck, recommend_by,
};
use sim_experiments::{Interrupted, Unattended};
use sim_models::scenario::{Input, Overrides};

/// Points proposed at a time.
const GENERATION: usize = 10;
/// The block of replications that checks answers, which no search has seen.
const UNSEEN: u64 = 7;
/// Random search without what follows a search, by name.
const RANDOM_ALONE: &str = "random alone";
/// Replications that confirm its best point.
const CONFIRMED: u64 = 60;
/// The searches, by name.
const SEARCHES: [(&str, Look); 6] = [
    ("ours", look_for),
    ("random", random),
    ("restarted cma-es", in_all_directions),
    ("successive halving", successive_halving),
    ("de", |search, starts, runs, seed| asked(search, starts, runs, DESampler::with_seed(seed))),
    ("gp", |search, starts, runs, seed| asked(search, starts, runs, GpSampler::with_seed(seed))),
];

type Score<'a> = &'a (dyn Fn(&[f64]) -> f64 + Sync);
type Look = fn(&Search<'_>, &[Candidate], u64, u64) -> Result<(), Interrupted>;

/// Adapter for any sampler of the crate `optimizer`.
struct Asked<'a> {
    study: Study<f64>,
    parameters: Vec<FloatParam>,
    score: Score<'a>,
}

impl<'a> Asked<'a> {
    fn new(dimensions: usize, sampler: impl Sampler + 'static, score: Score<'a>) -> Self {
        // The crate keys its draws by a parameter's range, so equal ranges would give equal values.
        let parameter = |place: usize| {
            FloatParam::new(place as f64, place as f64 + 1.0).name(format!("x{place}"))
        };
        let parameters = (0..dimensions).map(parameter).collect();
        Self { study: Study::with_sampler(Direction::Minimize, sampler), parameters, score }
    }
}

impl Strategy for Asked<'_> {
    fn generation(&mut self) {
        for _ in 0..GENERATION {
            let mut trial = self.study.ask();
            let point: Vec<f64> = self
                .parameters
                .iter()
                .enumerate()
                .map(|(place, parameter)| {
                    parameter.suggest(&mut trial).expect("the range is valid") - place as f64
                })
                .collect();
            let score = (self.score)(&point);
            self.study.tell(trial, Ok::<f64, String>(score));
        }
    }
}

/// Points drawn independently.
struct Drawn<'a> {
    dimensions: usize,
    seed: u32,
    next: u32,
    score: Score<'a>,
}

impl Strategy for Drawn<'_> {
    fn generation(&mut self) {
        for _ in 0..GENERATION {
            let point: Vec<f64> = (0..self.dimensions as u32)
                // The first point of a freshly scrambled sequence, so points are independent of
                // each other.
                .map(|dimension| {
                    f64::from(sobol_burley::sample(
                        0,
                        dimension,
                        self.seed ^ self.next.wrapping_mul(7919),
                    ))
                })
                .collect();
            self.next += 1;
            (self.score)(&point);
        }
    }
}

fn random(
    search: &Search<'_>,
    starts: &[Candidate],
    runs: u64,
    seed: u64,
) -> Result<(), Interrupted> {
    search.try_all(starts)?;
    let score: Score<'_> = &|point| search.score(point);
    let dimensions = starts[0].levels.len();
    search.run(&mut Drawn { dimensions, seed: seed as u32, next: 0, score }, runs)
}

/// Random points for a third of the runs; the best of them with more and more replications, as many as
/// are still the best; then one setting of the best at a time.
fn successive_halving(
    search: &Search<'_>,
    starts: &[Candidate],
    runs: u64,
    seed: u64,
) -> Result<(), Interrupted> {
    let begin = search.runs();
    search.replicate(1);
    random(search, starts, begin + (runs - begin) / 3, seed)?;
    for replications in [2, 4, 8, 16] {
        search.replicate(replications);
        let best = search.champion(runs)?;
        let scores = |points: &[Vec<f64>]| search.scores(points);
        let mut refined =
            Coordinate::new(search.system().point(&best.candidate), best.score, &scores);
        search.run(&mut refined, search.runs() + (runs.saturating_sub(search.runs())) / 3)?;
    }
    Ok(())
}

/// A sampler of the crate `optimizer`.
fn asked(
    search: &Search<'_>,
    starts: &[Candidate],
    runs: u64,
    sampler: impl Sampler + 'static,
) -> Result<(), Interrupted> {
    search.try_all(starts)?;
    let score: Score<'_> = &|point| search.score(point);
    search.run(&mut Asked::new(starts[0].levels.len(), sampler, score), runs)
}

fn system(path: &str, seed: u64, runs: u64) -> TunableSystem {
    let text = std::fs::read_to_string(path).expect("the scenario can be read");
    let folder = Path::new(path).parent().expect("a file lies in a folder").to_owned();
    let mut settings = vec![format!("run.seed={seed}")];
    if runs > 0 {
        settings.push(format!("goals.runs={runs}"));
    }
    let overrides = Overrides { settings, ..Overrides::default() };
    TunableSystem::prepare(Input { name: path.to_owned(), text, folder: folder.into() }, overrides)
        .unwrap_or_else(|_| panic!("{path}: the goals are not valid"))
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |place: usize| arguments[place].parse::<u64>().expect("a number");
    let (seeds, runs, fresh) = (number(0), number(1), number(2));
    let wanted = std::env::var("SEARCHES").ok();
    let is_wanted =
        |name: &str| wanted.as_ref().is_none_or(|all| all.split(',').any(|it| it == name));
    for path in &arguments[3..] {
        for (name, look) in SEARCHES.into_iter().filter(|(name, _)| is_wanted(name)) {
            for seed in 1..=seeds {
                let outcome = outcome(&system(path, seed, runs), look, fresh);
                println!("{path} {name:18} seed {seed:2}: {outcome}");
            }
        }
        for seed in (1..=seeds).filter(|_| is_wanted(RANDOM_ALONE)) {
            let outcome = outcome_alone(&system(path, seed, runs), seed, fresh);
            println!("{path} {RANDOM_ALONE:18} seed {seed:2}: {outcome}");
        }
    }
}

/// The objective of the answer, its runs, and the unseen runs that kept the limit kept least.
fn outcome(system: &TunableSystem, look: Look, fresh: u64) -> String {
    let watch = Unattended { jobs: 2 };
    let found = recommend_by(&look, system, &watch).expect("nothing interrupts the search");
    let mark = if found.conclusion == Conclusion::Unmet { "!" } else { "+" };
    let objective = found.objectives.first().and_then(|objective| objective.1);
    format!(
        "{mark} {:8.1}, {:6} runs, {:6} of the search, kept {:3} of {fresh}",
        objective.unwrap_or(f64::NAN),
        found.runs,
        found.searched,
        kept(system, &found.candidate(), fresh)
    )
}

/// The same of random search and nothing else: the best of all points drawn, after as many replications as confirm an
/// answer.
fn outcome_alone(system: &TunableSystem, seed: u64, fresh: u64) -> String {
    let watch = Unattended { jobs: 2 };
    let search = Search::new(system, &watch).expect("nothing interrupts the search");
    let found =
        random(&search, &[system.as_it_is()], system.plan().runs.into(), seed).and_then(|()| {
            search.replicate(CONFIRMED);
            search.champion(u64::MAX)
        });
    let found = found.expect("nothing interrupts the search");
    let objective = found.assessment.as_ref().and_then(|assessment| assessment.objective(0));
    format!(
        "  {:8.1}, {:6} runs, kept {:3} of {fresh}",
        objective.unwrap_or(f64::NAN),
        search.runs(),
        kept(system, &found.candidate, fresh)
    )
}

/// The least number of unseen runs that kept a limit.
fn kept(system: &TunableSystem, candidate: &Candidate, fresh: u64) -> u64 {
    let watch = Unattended { jobs: 2 };
    let systems = system.systems(candidate).expect("a recommendation is sound");
    let unseen = block(UNSEEN, fresh as u32).expect("fewer than a block");
    let checked = recheck(system, &systems, unseen, &watch).expect("nothing interrupts it");
    let kept = checked.limits.iter().map(|limit| limit.limit.recommended.kept.kept).min();
    kept.unwrap_or(fresh)
}
