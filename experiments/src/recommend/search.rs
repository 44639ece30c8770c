//! The search: candidates tried, and how good each was.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::assessment::{Assessment, Caution};
use super::tunable_system::{Candidate, TunableSystem};
use crate::parallel::{in_order, pool};
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
    /// The objectives of the file as it is written.
    now: Vec<Option<f64>>,
    /// The candidates tried, by the values of their settings, so that none is simulated twice and
    /// threads leave no trace.
    tried: Mutex<BTreeMap<Vec<String>, Tried>>,
    /// The score at which a candidate is given up early, as the bits of a number. It does not
    /// change during a generation.
    bar: AtomicU64,
    /// The conditions, beginning with the one in which candidates have failed worst. The order does
    /// not change during a generation.
    order: Mutex<Vec<usize>>,
    /// The number of replications for a promising candidate.
    replications: AtomicU64,
    /// True while only candidates that beat the bar are of interest.
    is_polishing: AtomicBool,
    is_interrupted: AtomicBool,
}

/// A candidate that has been tried.
#[derive(Clone, Debug)]
pub struct Tried {
    /// The candidate.
    pub candidate: Candidate,
    /// The score, less being better: below 1, by the objectives, if every limit holds; from 2 on,
    /// by the distance from the limits, if not.
    pub score: f64,
    /// The measurements; `None` if its settings do not go together.
    pub assessment: Option<Assessment>,
    /// The number of runs that it took.
    pub runs: u64,
}

/// The least score of a candidate whose limits do not all hold.
pub(super) const INFEASIBLE: f64 = 2.0;
/// The score of a candidate whose settings do not go together.
const UNSOUND: f64 = 1e6;

impl<'a> Search<'a> {
    /// A search that has measured the file as it is written, and nothing else.
    ///
    /// # Errors
    /// [`Interrupted`] if `watch` interrupts it.
    pub fn new(system: &'a TunableSystem, watch: &'a dyn Watch) -> Result<Self, Interrupted> {
        let mut search = Self {
            system,
            watch,
            now: vec![None; system.plan().objectives.len()],
            tried: Mutex::default(),
            bar: AtomicU64::new(f64::INFINITY.to_bits()),
            order: Mutex::new(system.conditions().collect()),
            replications: AtomicU64::new(u64::from(system.plan().replications)),
            is_polishing: AtomicBool::new(false),
            is_interrupted: AtomicBool::new(false),
        };
        let mut tried = search.measure(&system.as_it_is())?;
        search.now = (0..search.now.len())
            .map(|place| tried.assessment.as_ref()?.objective(place))
            .collect();
        tried.score = tried
            .assessment
            .as_ref()
            .map_or(UNSOUND, |assessment| score(assessment, system, &search.now));
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
        self.tried().len() as u64
    }

    /// The number of runs made; a candidate whose settings do not go together counts as one.
    pub fn runs(&self) -> u64 {
        self.tried().values().map(|tried| tried.runs.max(1)).sum()
    }

    /// The candidates tried, the best first.
    pub fn ranking(&self) -> Vec<Tried> {
        let mut ranking: Vec<Tried> = self.tried().values().cloned().collect();
        ranking.sort_by(|one, other| one.score.total_cmp(&other.score));
        ranking
    }

    /// The objectives of the file as it is written, to which regrets are relative.
    pub fn now(&self) -> &[Option<f64>] {
        &self.now
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
    ///
    /// # Panics
    /// If the operating system refuses to start threads.
    pub fn run(&self, strategy: &mut (dyn Strategy + Send), runs: u64) -> Result<(), Interrupted> {
        /// The number of generations in a row without a new candidate after which a strategy has
        /// nothing more to offer.
        const MOST_STALE: u32 = 20;
        pool(self.watch.jobs()).install(|| {
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

    /// Tries candidates on all threads.
    ///
    /// # Errors
    /// [`Interrupted`] if the watch interrupts it.
    pub fn try_all(&self, candidates: &[Candidate]) -> Result<(), Interrupted> {
        let measure = |_: usize, candidate: &Candidate| self.measure(candidate);
        for tried in in_order(candidates, self.watch.jobs(), &measure) {
            self.keep(tried?);
        }
        Ok(())
    }

    /// The score of the candidate at a point, less being better. After an interruption, every new
    /// candidate is as bad as can be.
    pub fn score(&self, point: &[f64]) -> f64 {
        let candidate = self.system.candidate(point);
        if let Some(known) = self.tried().get(&key(&candidate)) {
            return known.score;
        }
        if self.is_polishing.load(Ordering::Relaxed) && self.is_known_to_be_no_better(&candidate) {
            return f64::INFINITY;
        }
        let Ok(tried) = self.measure(&candidate) else {
            self.is_interrupted.store(true, Ordering::Relaxed);
            return UNSOUND;
        };
        let score = tried.score;
        self.keep(tried);
        score
    }

    /// Fails if a candidate could not be measured because of an interruption.
    fn check(&self) -> Result<(), Interrupted> {
        if self.is_interrupted.load(Ordering::Relaxed) { Err(Interrupted) } else { Ok(()) }
    }

    /// Adds what more replications have shown of a candidate. From now on, candidates are simulated
    /// twice as often.
    pub(super) fn revise(&self, tried: &Tried, shown: &Assessment) {
        let replications = 2 * u64::from(self.system.plan().replications);
        self.replications.store(replications, Ordering::Relaxed);
        let known = tried
            .assessment
            .clone()
            .map_or_else(|| shown.clone(), |known| known.together(shown.clone()));
        // A lucky beginning does not make up for the rest.
        let score = score(&known, self.system, &self.now).max(score(shown, self.system, &self.now));
        self.keep(Tried { score, assessment: Some(known), ..tried.clone() });
    }

    /// Adds what fresh random numbers have shown of a candidate that keeps too few of its promises.
    pub(super) fn refute(&self, candidate: &Candidate, shown: &Assessment) {
        let known = self.tried().get(&key(candidate)).cloned();
        let candidate = candidate.clone();
        let unknown = Tried { candidate, score: INFEASIBLE, assessment: None, runs: 0 };
        self.revise(&known.unwrap_or(unknown), shown);
    }

    /// True if the objectives need no run, and show that a candidate does not beat the bar even if
    /// it keeps all limits.
    fn is_known_to_be_no_better(&self, candidate: &Candidate) -> bool {
        let best = f64::from_bits(self.bar.load(Ordering::Relaxed));
        if best >= INFEASIBLE || !self.system.is_about_cost_only() {
            return false;
        }
        let Ok(systems) = self.system.systems(candidate) else { return true };
        let cost = systems.iter().map(|system| system.cost()).sum::<f64>() / systems.len() as f64;
        let scale = self.now.first().copied().flatten().map_or(1.0, |now| now.abs().max(1e-9));
        squashed(cost / scale) >= best
    }

    /// Sets the bar and the order of the conditions for the next generation.
    ///
    /// The bar is the score to beat, or else that of the better quarter of all candidates: of one
    /// that is worse, it does not matter by how much. Conditions in which candidates have failed
    /// worst come first, because they tell soonest that another one fails.
    fn learn(&self, to_beat: Option<f64>) {
        let ranking = self.ranking();
        self.is_polishing.store(to_beat.is_some(), Ordering::Relaxed);
        let better_quarter =
            || ranking.get(ranking.len() / 4).map_or(f64::INFINITY, |tried| tried.score);
        self.bar.store(to_beat.unwrap_or_else(better_quarter).to_bits(), Ordering::Relaxed);
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
        *self.order.lock().expect("no thread has panicked") = order;
    }

    /// The conditions, beginning with the one in which candidates have failed worst.
    pub(super) fn order(&self) -> Vec<usize> {
        self.order.lock().expect("no thread has panicked").clone()
    }

    fn keep(&self, tried: Tried) {
        self.tried().insert(key(&tried.candidate), tried);
    }

    fn tried(&self) -> std::sync::MutexGuard<'_, BTreeMap<Vec<String>, Tried>> {
        self.tried.lock().expect("no thread has panicked")
    }

    /// Simulates a candidate until all replications are done or it is clearly worse than the bar.
    fn measure(&self, candidate: &Candidate) -> Result<Tried, Interrupted> {
        let (system, now) = (self.system, &self.now);
        let candidate = candidate.clone();
        let Ok(systems) = system.systems(&candidate) else {
            return Ok(Tried { candidate, score: UNSOUND, assessment: None, runs: 0 });
        };
        let bar = f64::from_bits(self.bar.load(Ordering::Relaxed)).max(INFEASIBLE);
        let runs = Cell::new(0_u64);
        let is_hopeless = |assessment: &Assessment| {
            runs.set(runs.get() + 1);
            let score = score(assessment, system, now);
            // Every condition is simulated once, unless the bar is out of reach. More replications
            // are for candidates that may be the answer.
            let is_whole_round = runs.get().is_multiple_of(systems.len() as u64);
            score > bar || is_whole_round && score >= INFEASIBLE
        };
        let replications = 0..self.replications.load(Ordering::Relaxed);
        let assessment =
            system.measure(&systems, &self.order(), replications, self.watch, &is_hopeless)?;
        let score = score(&assessment, system, now);
        Ok(Tried { candidate, score, assessment: Some(assessment), runs: runs.get() })
    }
}

/// The values of a candidate's settings, by which candidates are told apart.
fn key(candidate: &Candidate) -> Vec<String> {
    candidate.levels.iter().map(|level| level.setting.clone().unwrap_or_default()).collect()
}

/// The score of a candidate by Deb's rules: one that keeps the limits beats one that does not
/// (Computer Methods in Applied Mechanics and Engineering 186, 2000).
pub(super) fn score(assessment: &Assessment, system: &TunableSystem, now: &[Option<f64>]) -> f64 {
    let violation = assessment.violation(Caution::WithRoom);
    if violation > 0.0 {
        return INFEASIBLE + violation;
    }
    squashed(assessment.regret(&system.plan().objectives, now))
}

/// A number between minus one and one for any number, in the same order.
fn squashed(regret: f64) -> f64 {
    regret / (1.0 + regret.abs())
}
