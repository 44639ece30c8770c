//! Making good with some settings what a candidate misses because of others.

use std::collections::BTreeSet;

use super::assessment::Assessment;
use super::confirm::{Run, those_runs};
use super::refine::FRESH_FOR_ENDS;
use super::search::{INFEASIBLE, Search, Tried};
use super::tunable_system::Candidate;
use crate::parallel::in_order;
use crate::watch::Interrupted;

/// The multiples of its share that a dear setting is pressed to.
const PRESSED: [f64; 2] = [0.4, 0.75];
/// The distances by which every setting is moved to see whether that helps, and those by which the helpful
/// ones are moved besides, as shares of their range.
const SCAN: [f64; 2] = [0.4, 0.12];
const STEPS: [f64; 3] = [0.22, 0.06, 0.03];
/// The distances by which all settings that cost something are moved up, as shares of their range, to make a
/// refuted candidate good.
const LOOSENED: [f64; 5] = [0.01, 0.02, 0.04, 0.07, 0.12];
/// The share by which a step must bring the limits nearer.
const GAIN: f64 = 0.05;
/// The replications after which a candidate that keeps the limits is looked at more closely.
const LOOKS: [u64; 2] = [1, 4];
/// The number of runs that tell whether a step helps, unless more conditions are missed.
const TELLING: usize = 2;
/// The number of helpful steps that are tried in all runs.
const MOST_TRIED: usize = 3;

/// Moves from a candidate that misses some limits to one that keeps them, one setting at a time: the step
/// that brings the limits nearest, under the conditions in which they are missed, is made first.
///
/// With it, the search leaves a region where a dear resource is needed only because of settings that cost
/// nothing, such as connections that long timeouts hold: no single step from there is cheaper and good.
pub(super) struct Exchange<'a> {
    search: &'a Search<'a>,
}

/// A candidate in some runs.
struct Look {
    candidate: Candidate,
    runs: Vec<Run>,
    known: Assessment,
    /// The distance from the limits, with the room of the search.
    violation: f64,
}

/// A step of one setting.
struct Step {
    /// The index of the setting.
    place: usize,
    candidate: Candidate,
    /// The distance from the limits in the runs that tell whether it helps.
    violation: f64,
}

impl<'a> Exchange<'a> {
    /// Steps from candidates of a search.
    pub fn of(search: &'a Search<'a>) -> Self {
        Self { search }
    }

    /// The best candidate after settings of it that cost something have been pressed, the one that saves
    /// most first, as long as other settings make it good, and until `runs` runs have been made in all.
    pub fn pressed(&self, mut best: Tried, runs: u64) -> Result<Tried, Interrupted> {
        let mut failed: Vec<(usize, usize)> = Vec::new();
        while self.search.runs() < runs
            && let Some((which, candidate)) = self.next_pressed(&best, &failed)
        {
            if let Some(better) = self.eased(candidate, best.score, runs)? {
                best = better;
                // What has failed in another place may succeed now.
                failed.retain(|(place, _)| *place == which.0);
            } else {
                failed.push(which);
            }
        }
        Ok(best)
    }

    /// The candidate with the one setting pressed that saves most, among those that have not failed. It is
    /// told by the index of its setting, and how far it is pressed.
    fn next_pressed(
        &self,
        best: &Tried,
        failed: &[(usize, usize)],
    ) -> Option<((usize, usize), Candidate)> {
        let system = self.search.system();
        let now = self.cost(&best.candidate)?;
        let point = system.point(&best.candidate);
        let all = (0..point.len()).flat_map(|place| [(place, 0), (place, 1)]);
        let pressed = all.filter(|which| !failed.contains(which)).filter_map(|(place, far)| {
            let mut moved = point.clone();
            moved[place] *= PRESSED[far];
            let candidate = system.candidate(&moved);
            let saved = now - self.cost(&candidate)?;
            (saved > 0.0).then_some((saved, (place, far), candidate))
        });
        let most = pressed.max_by(|(one, ..), (other, ..)| one.total_cmp(other));
        most.map(|(_, which, candidate)| (which, candidate))
    }

    fn cost(&self, candidate: &Candidate) -> Option<f64> {
        self.search.system().cost(candidate).ok().flatten()
    }

    /// Makes a candidate good that fresh random numbers have refuted: with more of everything that costs
    /// something, and then with less of it but other settings moved, until `runs` runs have been made in all.
    pub fn made_good(&self, refuted: Candidate, runs: u64) -> Result<(), Interrupted> {
        let loosened = self.loosened(&refuted)?;
        let to_beat = loosened.map_or(INFEASIBLE, |tried| tried.score);
        self.eased(refuted, to_beat, runs)?;
        Ok(())
    }

    /// The candidate with a little more of everything that costs something, as little as keeps the limits;
    /// `None` if even the most does not.
    fn loosened(&self, from: &Candidate) -> Result<Option<Tried>, Interrupted> {
        let search = self.search;
        let caution = search.caution();
        let is_missed = |known: &Assessment| known.violation(caution) > 0.0;
        for distance in LOOSENED {
            let candidate = self.with_more(from, distance);
            let jobs = search.watch().jobs();
            let tried = search.further(&candidate, search.replications(), &is_missed, jobs)?;
            if tried.score < INFEASIBLE {
                return Ok(Some(tried));
            }
        }
        Ok(None)
    }

    /// A candidate with each setting moved up by this share of its range if that costs something.
    fn with_more(&self, from: &Candidate, distance: f64) -> Candidate {
        let system = self.search.system();
        let (point, now) = (system.point(from), self.cost(from));
        let mut more = point.clone();
        for place in 0..point.len() {
            let mut moved = point.clone();
            moved[place] = (point[place] + distance).min(1.0);
            if self.cost(&system.candidate(&moved)) > now {
                more[place] = moved[place];
            }
        }
        system.candidate(&more)
    }

    /// A candidate that keeps the limits and beats a score, by steps from one that misses some. `None` if
    /// no step helps, or `runs` runs have been made in all.
    pub fn eased(
        &self,
        from: Candidate,
        to_beat: f64,
        runs: u64,
    ) -> Result<Option<Tried>, Interrupted> {
        let mut known = None;
        let mut candidate = from;
        for replications in LOOKS.into_iter().chain([self.search.replications()]) {
            let every = self.search.looks(replications);
            let Some(look) = self.look(&candidate, &every, self.search.watch().jobs())? else {
                return Ok(None);
            };
            let Some(eased) = self.eased_in(look, &every, to_beat, runs)? else { return Ok(None) };
            candidate = eased.candidate.clone();
            known = Some((eased.known, replications));
        }
        let tried = known
            .map(|(known, replications)| self.search.note_measured(candidate, known, replications));
        Ok(tried.filter(|tried| tried.score < to_beat.min(INFEASIBLE)))
    }

    /// A candidate that keeps the limits in these runs, by steps from another one.
    fn eased_in(
        &self,
        mut at: Look,
        every: &[(usize, u64)],
        to_beat: f64,
        runs: u64,
    ) -> Result<Option<Look>, Interrupted> {
        let all: BTreeSet<usize> = (0..at.candidate.levels.len()).collect();
        let mut helpful: Option<BTreeSet<usize>> = None;
        while at.violation > 0.0 {
            if self.search.runs() >= runs {
                return Ok(None);
            }
            // What has helped once may help again; the others are looked at when it does not.
            let known = helpful.take();
            let mut found = match &known {
                Some(places) => self.step(&at, places, every, to_beat)?,
                None => (None, BTreeSet::new()),
            };
            if found.0.is_none() {
                found = self.step(&at, &all, every, to_beat)?;
            }
            let (Some(next), places) = found else { return Ok(None) };
            (at, helpful) = (next, Some(places));
        }
        Ok(Some(at))
    }

    /// The step of one of some settings that brings the limits nearest, and the settings with helpful steps.
    fn step(
        &self,
        at: &Look,
        places: &BTreeSet<usize>,
        every: &[(usize, u64)],
        to_beat: f64,
    ) -> Result<(Option<Look>, BTreeSet<usize>), Interrupted> {
        let telling = self.telling(at);
        let jobs = self.search.watch().jobs();
        let Some(here) = self.look(&at.candidate, &telling, jobs)? else {
            return Ok((None, BTreeSet::new()));
        };
        let helpful_among = |places: &BTreeSet<usize>, by: &[f64]| {
            self.helpful(self.steps(&at.candidate, places, by, to_beat), &here, &telling)
        };
        let mut helpful = helpful_among(places, &SCAN)?;
        let places: BTreeSet<usize> = helpful.iter().map(|step| step.place).collect();
        helpful.extend(helpful_among(&places, &STEPS)?);
        let cost = |step: &Step| self.cost(&step.candidate).unwrap_or(0.0);
        helpful.sort_by(|one, other| {
            one.violation.total_cmp(&other.violation).then(cost(one).total_cmp(&cost(other)))
        });
        for step in helpful.into_iter().take(MOST_TRIED) {
            let look = self.look(&step.candidate, every, jobs)?;
            if let Some(look) = look.filter(|look| is_nearer(look.violation, at.violation)) {
                return Ok((Some(look), places));
            }
        }
        Ok((None, places))
    }

    /// The steps that bring the limits nearer in the runs that tell whether they help.
    fn helpful(
        &self,
        steps: Vec<Step>,
        here: &Look,
        telling: &[(usize, u64)],
    ) -> Result<Vec<Step>, Interrupted> {
        let look = |_: usize, step: &Step| self.look(&step.candidate, telling, 1);
        let looks = in_order(&steps, self.search.watch().jobs(), &look);
        let mut helpful = Vec::new();
        for (look, step) in looks.into_iter().zip(steps) {
            let violation = look?.map_or(f64::INFINITY, |look| look.violation);
            if is_nearer(violation, here.violation) {
                helpful.push(Step { violation, ..step });
            }
        }
        Ok(helpful)
    }

    /// The steps of these settings that may beat a score.
    fn steps(
        &self,
        from: &Candidate,
        places: &BTreeSet<usize>,
        by: &[f64],
        to_beat: f64,
    ) -> Vec<Step> {
        let system = self.search.system();
        let point = system.point(from);
        let mut steps: Vec<Step> = Vec::new();
        for place in places.iter().copied() {
            for distance in by.iter().flat_map(|distance| [-distance, *distance]) {
                let mut moved = point.clone();
                moved[place] = (moved[place] + distance).clamp(0.0, 1.0);
                let candidate = system.candidate(&moved);
                let is_known =
                    candidate == *from || steps.iter().any(|step| step.candidate == candidate);
                if !is_known && self.search.may_beat(&candidate, to_beat) {
                    steps.push(Step { place, candidate, violation: f64::INFINITY });
                }
            }
        }
        steps
    }

    /// The runs that tell most whether a step helps: those that miss the limits furthest under each
    /// condition in which some are missed.
    fn telling(&self, at: &Look) -> Vec<(usize, u64)> {
        let conditions: BTreeSet<usize> =
            at.known.misses(self.search.caution()).map(|miss| miss.condition).collect();
        let of_each = (TELLING / conditions.len().max(1)).max(1);
        let of = |condition: usize| {
            let runs = at.runs.iter().filter(|run| run.condition == condition);
            let mut runs: Vec<(f64, u64)> =
                runs.map(|run| (run.missed_by(self.search.system()), run.replication)).collect();
            runs.sort_by(|(one, _), (other, _)| other.total_cmp(one));
            runs.into_iter().take(of_each).map(move |(_, number)| (condition, number))
        };
        conditions.into_iter().flat_map(of).collect()
    }

    /// A candidate in some runs, each a condition and a replication; `None` if its settings do not go
    /// together.
    fn look(
        &self,
        candidate: &Candidate,
        each: &[(usize, u64)],
        jobs: usize,
    ) -> Result<Option<Look>, Interrupted> {
        let system = self.search.system();
        let Ok(systems) = system.systems(candidate) else { return Ok(None) };
        let runs = those_runs(system, &systems, each, self.search.watch(), jobs)?;
        let mut known = system.unmeasured();
        for run in &runs {
            if run.replication < FRESH_FOR_ENDS {
                known.add(run.condition, &run.values);
            } else {
                known.add_chosen(run.condition, &run.values);
            }
        }
        let violation = known.violation(self.search.caution());
        Ok(Some(Look { candidate: candidate.clone(), runs, known, violation }))
    }
}

/// True if a distance from the limits is less than another one by more than a hair.
fn is_nearer(one: f64, other: f64) -> bool {
    one < other * (1.0 - GAIN)
}

#[cfg(test)]
mod tests {
    use sim_models::scenario::{Input, Overrides};

    use super::*;
    use crate::recommend::TunableSystem;
    use crate::watch::Unattended;

    /// While a or b hangs, each call holds a thread of the edge until its timeout: 50/s times one second at
    /// first. Fewer threads are enough only if both timeouts are shorter, which costs nothing: no step of one
    /// setting is cheaper and good, nor any of two.
    const HELD: &str = "
run: { duration: 20s, warmup: 2s }
workloads: { web: { to: edge, arrivals: poisson 50/s } }
services:
  edge: { threads: { max: 100, queue: 50 }, handle: [ { query: a }, { query: b } ] }
databases:
  a: { connections: 200, query: exponential 4ms }
  b: { connections: 200, query: exponential 4ms }
calls:
  edge -> a: { timeout: 1s, fallback: default }
  edge -> b: { timeout: 1s, fallback: default }
prices: { thread: 1 }
goals:
  settings:
    services.edge.threads: 4..200 log
    calls.edge -> a.timeout: 50ms..2s log
    calls.edge -> b.timeout: 50ms..2s log
  conditions:
    a hangs: { faults: [ { at: 5s, for: 10s, slow: a, by: 2000x } ] }
    b hangs: { faults: [ { at: 5s, for: 10s, slow: b, by: 2000x } ] }
  limits:
    - availability of web is at least 99%
    - { limit: degraded share of web is at most 60%, in: [ a hangs, b hangs ] }
  runs: 2000
";

    #[test]
    fn fewer_threads_are_made_good_by_two_shorter_timeouts() {
        let input = Input { name: "held.yaml".into(), text: HELD.into(), folder: ".".into() };
        let system = TunableSystem::prepare(input, Overrides::default()).expect("sound goals");
        let search = Search::new(&system, &Unattended { jobs: 2 }).expect("not interrupted");
        search.begin(1000);
        search.replicate(4);
        search.try_all(&[system.as_it_is()]).expect("not interrupted");
        let start = search.champion(1000).expect("not interrupted");
        let cost = |tried: &Tried| system.cost(&tried.candidate).expect("sound").expect("a cost");
        assert!(start.score < INFEASIBLE, "what the file has keeps the limits");

        let best = Exchange::of(&search).pressed(start.clone(), 1000).expect("not interrupted");
        assert!(best.score < INFEASIBLE);
        assert!(cost(&best) < 0.4 * cost(&start), "{} threads", cost(&best));
        let seconds = |place: usize| best.candidate.levels[place].number;
        assert!(seconds(1) < 0.5 && seconds(2) < 0.5, "{:?}", best.candidate);
    }
}
