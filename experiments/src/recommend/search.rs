//! What has been tried, and how good it was.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::assessment::{Assessment, Caution};
use super::subject::{Candidate, Subject};
use crate::parallel::in_order;

/// Proposes points of a cube with sides from 0 to 1, a generation at a time, and learns from how
/// good each was.
pub trait Strategy {
    /// Proposes one generation and learns from its scores, of which it uses nothing but their
    /// order.
    fn generation(&mut self);

    /// The score that a candidate must beat to be of any interest; `None` if the strategy learns
    /// from worse ones as well.
    fn to_beat(&self) -> Option<f64> {
        None
    }
}

/// A search: what has been tried, and how good it was.
pub struct Search<'a> {
    subject: &'a Subject,
    jobs: usize,
    look: &'a (dyn Fn() -> ControlFlow<()> + Sync),
    /// The objectives of the file as it is written.
    now: Vec<Option<f64>>,
    /// By the values of its settings, so that nothing is simulated twice and threads leave no
    /// trace.
    tried: Mutex<BTreeMap<Vec<String>, Tried>>,
    /// Candidates that are worse are given up early; the bits of a number that stays what it is
    /// during a generation.
    bar: AtomicU64,
    /// The conditions, the one that candidates have failed worst first; it stays what it is during
    /// a generation.
    order: Mutex<Vec<usize>>,
    /// How often a promising candidate is simulated.
    replications: AtomicU64,
    /// Whether only what beats the bar is of interest.
    is_polishing: AtomicBool,
    is_broken_off: AtomicBool,
}

/// A candidate and what is known of it.
#[derive(Clone, Debug)]
pub struct Tried {
    /// The candidate.
    pub candidate: Candidate,
    /// How bad it is: below 1 if every limit holds, by its objectives; from 2 on by how far limits
    /// are missed.
    pub score: f64,
    /// What was measured; `None` if its settings do not go together.
    pub assessment: Option<Assessment>,
    /// How many runs that took.
    pub runs: u64,
}

/// What a candidate scores at least whose limits do not all hold.
pub(super) const INFEASIBLE: f64 = 2.0;
/// What one scores whose settings do not go together.
const UNSOUND: f64 = 1e6;

impl<'a> Search<'a> {
    /// A search that has measured the file as it is written, and nothing else. `None` if `look`
    /// breaks it off.
    pub fn new(
        subject: &'a Subject,
        jobs: usize,
        look: &'a (dyn Fn() -> ControlFlow<()> + Sync),
    ) -> Option<Self> {
        let mut search = Self {
            subject,
            jobs,
            look,
            now: vec![None; subject.plan().objectives.len()],
            tried: Mutex::default(),
            bar: AtomicU64::new(f64::INFINITY.to_bits()),
            order: Mutex::new(subject.in_order()),
            replications: AtomicU64::new(u64::from(subject.plan().replications)),
            is_polishing: AtomicBool::new(false),
            is_broken_off: AtomicBool::new(false),
        };
        let as_it_is = subject.as_it_is();
        let mut tried = search.measure(&as_it_is)?;
        search.now = (0..search.now.len())
            .map(|place| tried.assessment.as_ref()?.objective(place))
            .collect();
        tried.score = tried
            .assessment
            .as_ref()
            .map_or(UNSOUND, |assessment| score(assessment, subject, &search.now));
        search.keep(tried);
        Some(search)
    }

    /// Whether it was broken off.
    pub fn is_broken_off(&self) -> bool {
        self.is_broken_off.load(Ordering::Relaxed)
    }

    /// How many candidates have been tried.
    pub fn candidates(&self) -> u64 {
        self.tried().len() as u64
    }

    /// How many runs that took; a candidate whose settings do not go together counts as one.
    pub fn runs(&self) -> u64 {
        self.tried().values().map(|tried| tried.runs.max(1)).sum()
    }

    /// What has been tried, the best first.
    pub fn ranking(&self) -> Vec<Tried> {
        let mut ranking: Vec<Tried> = self.tried().values().cloned().collect();
        ranking.sort_by(|one, other| one.score.total_cmp(&other.score));
        ranking
    }

    /// The objectives of the file as it is written, by which regrets are measured.
    pub fn now(&self) -> &[Option<f64>] {
        &self.now
    }

    /// Lets a strategy propose generations until so many runs have been made in all, or generations
    /// bring nothing new. A generation that is under way is finished.
    ///
    /// # Panics
    /// If the operating system refuses to start threads.
    pub fn run(
        &self,
        strategy: &mut (dyn Strategy + Send),
        runs: u64,
        tell: &mut (dyn FnMut(u64) + Send),
    ) {
        /// Generations without a candidate that has not been tried, after which a strategy has
        /// nothing to say.
        const MOST_STALE: u32 = 20;
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(self.jobs)
            .build()
            .expect("the operating system starts threads");
        pool.install(|| {
            let mut stale = 0;
            self.learn(strategy.to_beat());
            while self.runs() < runs && stale < MOST_STALE && !self.is_broken_off() {
                let before = self.candidates();
                strategy.generation();
                self.learn(strategy.to_beat());
                stale = if self.candidates() == before { stale + 1 } else { 0 };
                tell(self.runs());
            }
        });
    }

    /// How bad the candidate at a point is.
    pub fn score(&self, point: &[f64]) -> f64 {
        let candidate = self.subject.candidate(point);
        if let Some(known) = self.tried().get(&key(&candidate)) {
            return known.score;
        }
        if self.is_polishing.load(Ordering::Relaxed) && self.is_known_to_be_no_better(&candidate) {
            return f64::INFINITY;
        }
        match self.measure(&candidate) {
            Some(tried) => {
                let score = tried.score;
                self.keep(tried);
                score
            }
            None => UNSOUND,
        }
    }

    /// Tries candidates on all threads.
    pub fn try_all(&self, candidates: &[Candidate]) {
        for tried in
            in_order(candidates, self.jobs, &|_, candidate: &Candidate| self.measure(candidate))
                .into_iter()
                .flatten()
        {
            self.keep(tried);
        }
    }

    /// What more replications have shown of a candidate counts from now on, and candidates to come
    /// are simulated as often again.
    pub(super) fn revise(&self, tried: &Tried, shown: &Assessment) {
        let replications = 2 * u64::from(self.subject.plan().replications);
        self.replications.store(replications, Ordering::Relaxed);
        let known = tried
            .assessment
            .clone()
            .map_or_else(|| shown.clone(), |known| known.together(shown.clone()));
        // A lucky beginning does not make up for what was seen later.
        let score =
            score(&known, self.subject, &self.now).max(score(shown, self.subject, &self.now));
        self.keep(Tried { score, assessment: Some(known), ..tried.clone() });
    }

    /// Whether objectives that need no run tell that a candidate does not beat the bar, if that
    /// keeps its limits.
    fn is_known_to_be_no_better(&self, candidate: &Candidate) -> bool {
        let best = f64::from_bits(self.bar.load(Ordering::Relaxed));
        if best >= INFEASIBLE || !self.subject.is_about_cost_only() {
            return false;
        }
        let Ok(systems) = self.subject.systems(candidate) else { return true };
        let cost = systems.iter().map(|system| system.cost()).sum::<f64>() / systems.len() as f64;
        let scale = self.now.first().copied().flatten().map_or(1.0, |now| now.abs().max(1e-9));
        squashed(cost / scale) >= best
    }

    /// Whoever does not beat what is to be beaten, or else is worse than the better quarter of all
    /// candidates, teaches nothing by how much; and where most have failed, the next are looked at
    /// first.
    fn learn(&self, to_beat: Option<f64>) {
        let ranking = self.ranking();
        self.is_polishing.store(to_beat.is_some(), Ordering::Relaxed);
        let better_quarter =
            || ranking.get(ranking.len() / 4).map_or(f64::INFINITY, |tried| tried.score);
        self.bar.store(to_beat.unwrap_or_else(better_quarter).to_bits(), Ordering::Relaxed);
        let mut misses = vec![0.0; self.subject.plan().conditions.len()];
        for (condition, _, miss) in ranking
            .iter()
            .filter_map(|tried| tried.assessment.as_ref())
            .flat_map(|assessment| assessment.misses(Caution::OnAverage))
        {
            misses[condition] += miss;
        }
        let mut order = self.subject.in_order();
        order.sort_by(|one, other| misses[*other].total_cmp(&misses[*one]).then(one.cmp(other)));
        *self.order.lock().expect("no thread has panicked") = order;
    }

    /// The conditions, the one that candidates have failed worst first.
    pub(super) fn order(&self) -> Vec<usize> {
        self.order.lock().expect("no thread has panicked").clone()
    }

    fn keep(&self, tried: Tried) {
        self.tried().insert(key(&tried.candidate), tried);
    }

    fn tried(&self) -> std::sync::MutexGuard<'_, BTreeMap<Vec<String>, Tried>> {
        self.tried.lock().expect("no thread has panicked")
    }

    /// Simulates a candidate until it is clear that it is worse than the bar. `None` if that is
    /// broken off.
    fn measure(&self, candidate: &Candidate) -> Option<Tried> {
        let tried = self.measured(candidate);
        if tried.is_none() {
            self.is_broken_off.store(true, Ordering::Relaxed);
        }
        tried
    }

    fn measured(&self, candidate: &Candidate) -> Option<Tried> {
        let (subject, now) = (self.subject, &self.now);
        let Ok(systems) = subject.systems(candidate) else {
            return Some(Tried {
                candidate: candidate.clone(),
                score: UNSOUND,
                assessment: None,
                runs: 0,
            });
        };
        let bar = f64::from_bits(self.bar.load(Ordering::Relaxed)).max(INFEASIBLE);
        let runs = std::cell::Cell::new(0_u64);
        let is_hopeless = |assessment: &Assessment| {
            runs.set(runs.get() + 1);
            let score = score(assessment, subject, now);
            // Every condition is seen once, unless the bar is out of reach; replications are for
            // what may be the answer.
            let is_whole_round = runs.get().is_multiple_of(systems.len() as u64);
            score > bar || is_whole_round && score >= INFEASIBLE
        };
        let replications = 0..self.replications.load(Ordering::Relaxed);
        let assessment =
            subject.measure(&systems, &self.order(), replications, self.look, &is_hopeless)?;
        let score = score(&assessment, subject, now);
        Some(Tried {
            candidate: candidate.clone(),
            score,
            assessment: Some(assessment),
            runs: runs.get(),
        })
    }
}

/// What tells candidates apart.
fn key(candidate: &Candidate) -> Vec<String> {
    candidate.levels.iter().map(|level| level.setting.clone().unwrap_or_default()).collect()
}

/// How bad a candidate is (Deb's rules: what keeps the limits beats what does not; Computer Methods
/// in Applied Mechanics and Engineering 186, 2000).
pub(super) fn score(assessment: &Assessment, subject: &Subject, now: &[Option<f64>]) -> f64 {
    let violation = assessment.violation(Caution::WithRoom);
    if violation > 0.0 {
        return INFEASIBLE + violation;
    }
    squashed(assessment.regret(&subject.plan().objectives, now))
}

/// Any number as one between minus one and one, in the same order.
fn squashed(regret: f64) -> f64 {
    regret / (1.0 + regret.abs())
}
