//! Compares search methods on the goals of scenarios: each gets the same number of runs and starts
//! from the same knowledge.
//!
//! `cargo run --release -- SEEDS RUNS SCENARIO...` prints, for each search and seed, the score of
//! the best candidate: below 1 if it meets every limit (lower means better objectives), 2 or more
//! if it misses limits (the excess says by how much).
#![forbid(unsafe_code)]

use std::path::Path;

use optimizer::parameter::{FloatParam, Parameter};
use optimizer::sampler::Sampler;
use optimizer::{Direction, Study};
use sim_experiments::Unattended;
use sim_experiments::recommend::{CmaEs, Search, Strategy, TunableSystem, formulas, look_for};
use sim_models::scenario::{Input, Overrides};

/// Points proposed at a time.
const GENERATION: usize = 10;

type Score<'a> = &'a (dyn Fn(&[f64]) -> f64 + Sync);

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

fn system(path: &str, seed: u64) -> TunableSystem {
    let text = std::fs::read_to_string(path).expect("the scenario can be read");
    let folder = Path::new(path).parent().expect("a file lies in a folder").to_owned();
    let overrides =
        Overrides { settings: vec![format!("run.seed={seed}")], ..Overrides::default() };
    TunableSystem::prepare(Input { name: path.to_owned(), text, folder }, overrides)
        .unwrap_or_else(|_| panic!("{path}: the goals are not valid"))
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let seeds: u64 = arguments[0].parse().expect("SEEDS is a number");
    let runs: u64 = arguments[1].parse().expect("RUNS is a number");
    let names = ["cma-es + coordinate", "random", "cma-es", "de", "tpe", "gp"];
    for path in &arguments[2..] {
        println!("{path}: best score after {runs} runs, by seed");
        for name in names {
            let scores: Vec<f64> =
                (1..=seeds).map(|seed| best(&system(path, seed), name, seed, runs)).collect();
            let shown: Vec<String> = scores.iter().map(|score| format!("{score:.3}")).collect();
            let kept = scores.iter().filter(|score| **score < 2.0).count();
            println!("  {name:18} {}   keeps limits {kept}/{seeds}", shown.join(" "));
        }
    }
}

fn best(system: &TunableSystem, name: &str, seed: u64, runs: u64) -> f64 {
    let watch = Unattended { jobs: 1 };
    let search = Search::new(system, &watch).expect("nothing interrupts the search");
    let first = search.ranking()[0].candidate.clone();
    let start = system.point(&first);
    let score: Score<'_> = &|point| search.score(point);
    let (dimensions, seed32) = (start.len(), seed as u32);
    if name == "cma-es + coordinate" {
        let start = formulas(system, &watch).expect("nothing interrupts the search").1;
        look_for(&search, &[system.as_it_is(), start], runs, seed)
            .expect("nothing interrupts the search");
        return search.ranking()[0].score;
    }
    let mut strategy: Box<dyn Strategy + Send + '_> = match name {
        "random" => Box::new(Drawn { dimensions, seed: seed32, next: 0, score }),
        "cma-es" => Box::new(CmaEs::new(&start, seed, score)),
        "tpe" => Box::new(Asked::new(
            dimensions,
            optimizer::sampler::tpe::TpeSampler::builder()
                .seed(seed)
                .build()
                .expect("the settings are valid"),
            score,
        )),
        "de" => Box::new(Asked::new(
            dimensions,
            optimizer::sampler::de::DESampler::with_seed(seed),
            score,
        )),
        _ => Box::new(Asked::new(
            dimensions,
            optimizer::sampler::gp::GpSampler::with_seed(seed),
            score,
        )),
    };
    search.run(strategy.as_mut(), runs).expect("nothing interrupts the search");
    search.ranking()[0].score
}
