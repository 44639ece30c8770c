//! The memory of a search: candidates tried, and how good each was.

mod measuring;
mod refuting;
mod tried;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use sim_models::study::FigurePlan;

pub use self::tried::Tried;
use super::assessment::{Assessment, Caution};
use super::tunable_system::{Candidate, TunableSystem};
use crate::parallel::{in_order, on_threads};
use crate::watch::{Interrupted, Watch};

/// A strategy of searching: proposes points of a cube with sides from 0 to 1, a generation at a
/// time, and learns from their scores.
pub trait Strategy {
    /// Proposes one generation and learns from its scores. Only the order of the scores may matter.
    fn generation(&mut self);

    /// The score that a candidate must beat to be of any interest; `None` if the strategy also
    /// learns from worse ones.
    fn to_beat(&self) -> Option<f64> {
        None
    }
}

/// A search for the best candidate.
pub struct Search<'a> {
    system: &'a TunableSystem,
    watch: &'a dyn Watch,
    /// The number of runs made before this search.
    runs_before: u64,
    /// The first measurements of the file as it is written.
    as_written: Assessment,
    /// The objectives in them.
    now: Vec<Option<f64>>,
    /// The candidates tried, by the values of their settings. A thread that wants to know about one
    /// which another thread is simulating waits for it, so that threads leave no trace.
    tried: Mutex<BTreeMap<Vec<String>, Slot>>,
    terms: Mutex<Arc<Terms>>,
    /// The number of candidates tried with other random numbers, and not since.
    forgotten: AtomicU64,
    is_interrupted: AtomicBool,
}

type Slot = Arc<Mutex<Option<Tried>>>;

/// The terms on which the candidates of a generation are measured.
#[derive(Clone, Debug)]
struct Terms {
    /// The score at which a candidate is given up.
    bar: f64,
    /// True if only candidates that beat the bar are of interest.
    is_polishing: bool,
    /// The score that a candidate must come near, after its first replication, to get more.
    contending: f64,
    /// The number of all runs before the generation.
    runs: u64,
    /// The first replication.
    first: u64,
    /// The number of replications for a contender.
    replications: u64,
    /// The room that a candidate must leave to every limit, in standard deviations of its figure.
    room: f64,
    /// The conditions, beginning with the one in which candidates have failed worst.
    order: Vec<usize>,
    /// Runs in which fresh random numbers have refuted a candidate: a condition and a replication. A
    /// contender goes through them as well.
    hard: Vec<(usize, u64)>,
}

/// The least score of a candidate whose limits do not all hold.
pub(super) const INFEASIBLE: f64 = 2.0;
/// The distance from the best score within which a candidate may still turn out to be the best.
const NEAR: f64 = 0.01;
/// The room that a candidate must leave to every limit at first, in standard deviations of its figure.
const FIRST_ROOM: f64 = 2.5;
/// The most replications after which a candidate that is measured further is judged again.
const BATCH: u64 = 4;

impl<'a> Search<'a> {
    /// A search that has measured the file as it is written, and nothing else.
    ///
    /// # Errors
    /// [`Interrupted`] if `watch` interrupts it.
    ///
    /// # Panics
    /// Never: the file as it is written is sound.
    pub fn new(system: &'a TunableSystem, watch: &'a dyn Watch) -> Result<Self, Interrupted> {
        let terms = Terms {
            bar: f64::INFINITY,
            is_polishing: false,
            contending: f64::INFINITY,
            runs: 0,
            first: 0,
            replications: u64::from(system.plan().replications),
            room: FIRST_ROOM,
            order: system.conditions().collect(),
            hard: Vec::new(),
        };
        let mut search = Self {
            system,
            watch,
            runs_before: system.runs(),
            as_written: system.unmeasured(),
            now: vec![None; system.plan().objectives.len()],
            tried: Mutex::default(),
            terms: Mutex::new(Arc::new(terms)),
            forgotten: AtomicU64::new(0),
            is_interrupted: AtomicBool::new(false),
        };
        let mut tried =
            search.measure(&system.as_it_is(), u64::from(system.plan().replications))?;
        let assessment = tried.assessment.as_ref().expect("the file as written is sound");
        search.as_written = assessment.clone();
        search.now = (0..search.now.len()).map(|place| assessment.objective(place)).collect();
        tried.score = search.score_from(assessment);
        search.keep(tried);
        Ok(search)
    }

    /// The system whose settings it searches for.
    pub fn system(&self) -> &'a TunableSystem {
        self.system
    }

    /// The watch over the search.
    pub(super) fn watch(&self) -> &'a dyn Watch {
        self.watch
    }

    /// The number of candidates tried.
    pub fn candidates(&self) -> u64 {
        self.candidates_now() + self.forgotten.load(Ordering::Relaxed)
    }

    /// The number of all runs made since the search began, whatever for.
    pub fn runs(&self) -> u64 {
        self.system.runs() - self.runs_before
    }

    /// The candidates tried, the best first; of equally good ones, the one measured most.
    pub fn ranking(&self) -> Vec<Tried> {
        let mut ranking = self.all_tried();
        ranking.sort_by(|one, other| {
            let measured = other.replications.cmp(&one.replications);
            one.score.total_cmp(&other.score).then(measured)
        });
        ranking
    }

    /// The measurements of the file as it is written that the search began with.
    pub(super) fn as_written(&self) -> &Assessment {
        &self.as_written
    }

    /// The objectives of the file as it is written, to which regrets are relative.
    pub fn now(&self) -> &[Option<f64>] {
        &self.now
    }

    fn candidates_now(&self) -> u64 {
        self.all_tried().len() as u64
    }

    /// From now on, candidates that may be the best get this many replications.
    ///
    /// # Panics
    /// If another thread has panicked.
    pub fn replicate(&self, replications: u64) {
        let mut terms = self.terms.lock().expect("no thread has panicked");
        *terms = Arc::new(Terms { replications, ..(**terms).clone() });
    }

    /// The best candidate after as many replications as contenders get: the best ones are measured
    /// further, one after the other, until the best is one that has been, or `runs` runs have been made
    /// in all.
    ///
    /// # Errors
    /// [`Interrupted`] if the watch interrupts it.
    pub fn champion(&self, runs: u64) -> Result<Tried, Interrupted> {
        let terms = self.terms();
        let replications = terms.replications;
        loop {
            let ranking = self.ranking();
            let is_measured = |tried: &&Tried| {
                tried.replications >= replications && tried.hard == terms.hard.len()
            };
            let keeps = |tried: &&Tried| tried.score < INFEASIBLE && is_measured(tried);
            let measured = ranking.iter().find(keeps);
            let best = &ranking[0];
            if best.score >= INFEASIBLE || is_measured(&best) {
                return Ok(best.clone());
            }
            if let Some(measured) = measured.filter(|_| self.runs() >= runs) {
                return Ok(measured.clone());
            }
            let caution = self.caution();
            let is_missed = |known: &Assessment| known.violation(caution) > 0.0;
            self.further(&best.candidate, replications, &is_missed, self.watch.jobs())?;
        }
    }

    /// Announces that the search goes on until `runs` runs have been made in all.
    pub(super) fn begin(&self, runs: u64) {
        self.watch.begin("trying candidates", Some(runs.saturating_sub(self.runs())));
    }

    /// Lets a strategy propose generations until `runs` runs have been made in all, or generations
    /// bring nothing new. A generation under way is finished.
    ///
    /// # Errors
    /// [`Interrupted`] if the watch interrupts it.
    pub fn run(&self, strategy: &mut (dyn Strategy + Send), runs: u64) -> Result<(), Interrupted> {
        /// The number of generations in a row without a new candidate after which a strategy has
        /// nothing more to offer.
        const MOST_STALE: u32 = 20;
        on_threads(self.watch.jobs(), || {
            let mut stale = 0;
            self.learn(strategy.to_beat());
            let mut done = self.runs();
            while done < runs && stale < MOST_STALE {
                let before = self.candidates();
                strategy.generation();
                self.check()?;
                self.learn(strategy.to_beat());
                stale = if self.candidates() == before { stale + 1 } else { 0 };
                self.watch.advance(self.runs().saturating_sub(done));
                done = self.runs();
            }
            Ok(())
        })
    }

    /// Tells the watch the best candidate so far.
    fn tell_best(&self, ranking: &[Tried]) {
        let Some(best) = ranking.first() else { return };
        let figure = |place: usize| best.assessment.as_ref()?.objective(place);
        let objectives = self.system.plan().objectives.iter().enumerate();
        let objectives: Vec<(FigurePlan, Option<f64>)> =
            objectives.map(|(place, plan)| (plan.clone(), figure(place))).collect();
        self.watch.found(best.score < INFEASIBLE, &objectives);
    }

    /// Tries candidates on all threads.
    ///
    /// # Errors
    /// [`Interrupted`] if the watch interrupts it.
    pub fn try_all(&self, candidates: &[Candidate]) -> Result<(), Interrupted> {
        let score = |_: usize, candidate: &Candidate| self.score_of(candidate);
        in_order(candidates, self.watch.jobs(), &score);
        self.check()
    }

    /// The candidate with everything known of it; `None` if it has not been tried.
    fn known(&self, candidate: &Candidate) -> Option<Tried> {
        self.slot(candidate).lock().expect("no thread has panicked").clone()
    }

    /// Fails if a candidate could not be measured because of an interruption.
    fn check(&self) -> Result<(), Interrupted> {
        if self.is_interrupted.load(Ordering::Relaxed) { Err(Interrupted) } else { Ok(()) }
    }

    /// True if a candidate may beat a score, as far as can be told without a run: its settings go
    /// together, and its cost is not too high.
    pub fn may_beat(&self, candidate: &Candidate, best: f64) -> bool {
        match self.system.cost(candidate) {
            Err(_) => false,
            Ok(Some(cost)) if best < INFEASIBLE => {
                let now = self.now.first().copied().flatten();
                squashed(cost / now.map_or(1.0, |now| now.abs().max(1e-9))) < best
            }
            Ok(_) => true,
        }
    }

    /// The room that candidates must leave to every limit, in standard deviations of its figure.
    pub(super) fn room(&self) -> f64 {
        self.terms().room
    }

    /// The margin with which candidates must keep limits.
    pub(super) fn caution(&self) -> Caution {
        Caution::WithRoom(self.room())
    }

    /// Sets the terms for the next generation.
    ///
    /// The bar is the score to beat, or else that of the better quarter of all candidates: of one
    /// that is worse, it does not matter by how much. Conditions in which candidates have failed
    /// worst come first, because they tell soonest that another one fails.
    fn learn(&self, to_beat: Option<f64>) {
        let ranking = self.ranking();
        self.tell_best(&ranking);
        let better_quarter =
            || ranking.get(ranking.len() / 4).map_or(f64::INFINITY, |tried| tried.score);
        let best = ranking.first().map_or(f64::INFINITY, |tried| tried.score);
        let mut misses = vec![0.0; self.system.plan().conditions.len()];
        for miss in ranking
            .iter()
            .filter_map(|tried| tried.assessment.as_ref())
            .flat_map(|assessment| assessment.misses(Caution::AsPromised))
        {
            misses[miss.condition] += miss.distance;
        }
        let mut order: Vec<usize> = self.system.conditions().collect();
        order.sort_by(|one, other| misses[*other].total_cmp(&misses[*one]).then(one.cmp(other)));
        let mut terms = self.terms.lock().expect("no thread has panicked");
        *terms = Arc::new(Terms {
            bar: to_beat.unwrap_or_else(better_quarter),
            is_polishing: to_beat.is_some(),
            contending: to_beat.unwrap_or(best + NEAR),
            runs: self.runs(),
            order,
            ..(**terms).clone()
        });
    }

    /// The runs that candidates are judged by: so many replications under every condition, and those that
    /// have refuted one, each a condition and a replication.
    pub(super) fn looks(&self, replications: u64) -> Vec<(usize, u64)> {
        let terms = self.terms();
        let numbers = terms.first..terms.first + replications;
        let each = numbers.flat_map(|number| terms.order.iter().map(move |of| (*of, number)));
        each.chain(terms.hard.iter().copied()).collect()
    }

    /// The conditions, beginning with the one in which candidates have failed worst.
    pub(super) fn order(&self) -> Vec<usize> {
        self.terms().order.clone()
    }

    /// The number of replications for a candidate that may be the best.
    pub(super) fn replications(&self) -> u64 {
        self.terms().replications
    }

    fn terms(&self) -> Arc<Terms> {
        self.terms.lock().expect("no thread has panicked").clone()
    }

    fn keep(&self, tried: Tried) {
        let slot = self.slot(&tried.candidate);
        *slot.lock().expect("no thread has panicked") = Some(tried);
    }

    fn slot(&self, candidate: &Candidate) -> Slot {
        self.slots().entry(key(candidate)).or_default().clone()
    }

    fn slots(&self) -> MutexGuard<'_, BTreeMap<Vec<String>, Slot>> {
        self.tried.lock().expect("no thread has panicked")
    }

    fn all_tried(&self) -> Vec<Tried> {
        let known = |slot: &Slot| slot.lock().expect("no thread has panicked").clone();
        self.slots().values().filter_map(known).collect()
    }
}

/// The values of a candidate's settings, by which candidates are told apart.
fn key(candidate: &Candidate) -> Vec<String> {
    candidate.levels.iter().map(|level| level.setting.clone().unwrap_or_default()).collect()
}

/// A number between minus one and one for any number, in the same order.
pub(super) fn squashed(regret: f64) -> f64 {
    regret / (1.0 + regret.abs())
}
