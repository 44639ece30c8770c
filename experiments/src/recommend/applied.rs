//! Recommended values in the file that people keep.

use sim_models::scenario::tree::{Segment, parse_path};
use sim_models::scenario::{GoalsPlan, GoalsRequest, Input, Loaded, Request};
use sim_models::study::{Level, Parameter, Values};
use sim_models::system::Blueprint;
use thiserror::Error;

use super::assessment::differs;
use super::recommendation::Recommendation;
use super::tunable_system::{Candidate, TunableSystem};
use crate::study::{ends, settings};

/// A setting whose recommended value is another one than the present.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// The setting.
    pub setting: &'a Parameter,
    /// The present value; `None` if it is not set.
    pub now: Option<&'a Level>,
    /// The recommended value.
    pub recommended: &'a Level,
    /// The recommended value in YAML; null removes the setting.
    pub value: &'a str,
}

/// The reasons why a file with the recommended values written into it is not what was recommended.
#[derive(Clone, Debug, Error)]
pub enum Misapplied {
    /// It has errors.
    #[error("the written file has errors")]
    Problems(Box<Loaded>),
    /// It describes another system, as it is written or under a condition.
    #[error("the written file describes another system")]
    Differs {
        /// The condition; `None` for the file as it is written.
        condition: Option<String>,
    },
}

impl Recommendation {
    /// The recommended values.
    pub fn candidate(&self) -> Candidate {
        let levels = self.advice.iter().map(|advice| advice.recommended.clone());
        Candidate { levels: levels.collect() }
    }
}

/// The settings that a candidate changes.
pub fn changes<'a>(plan: &'a GoalsPlan, candidate: &'a Candidate) -> Vec<Change<'a>> {
    let all = plan.settings.iter().zip(&plan.now).zip(&candidate.levels);
    let changed = all.filter_map(|((setting, now), recommended)| {
        let now = now.as_ref();
        let value = recommended.setting.as_deref()?;
        let is_new = now.is_none_or(|now| differs(now, recommended));
        is_new.then_some(Change { setting, now, recommended, value })
    });
    changed.collect()
}

impl TunableSystem {
    /// The place to which a path leads in the file, with the numbers of items in place of their
    /// names. A path that leads nowhere stays as it is.
    pub fn place_of(&self, path: &str) -> Vec<Segment> {
        let path = parse_path(path);
        self.study().place_of(&path).unwrap_or(path)
    }

    /// The setting that a path means, whichever of its names the path uses for an item of a list.
    pub fn setting(&self, path: &str) -> Option<usize> {
        let settings = &self.plan().settings;
        settings.iter().position(|setting| setting.path == path).or_else(|| {
            let place = self.place_of(path);
            settings.iter().position(|setting| self.place_of(&setting.path) == place)
        })
    }

    /// The value of a setting that is written as `text`; `None` if it is not among those that the
    /// setting may have.
    pub fn level(&self, setting: usize, text: &str) -> Option<Level> {
        let as_it_is = self.as_it_is().levels.swap_remove(setting);
        if as_it_is.shown == text {
            return Some(as_it_is);
        }
        let values = &self.plan().settings[setting].values;
        let number = values.number_of(text)?;
        match values {
            Values::Listed(_) => values.levels().into_iter().nth(number as usize),
            Values::Range(range) if (range.from..=range.to).contains(&number) => {
                let text = text.to_owned();
                Some(Level { shown: text.clone(), setting: Some(text), number })
            }
            Values::Range(_) => None,
        }
    }

    /// Candidates that each give one setting, whose index comes with it, one of its outermost
    /// values.
    pub fn one_setting_at_a_time(&self) -> Vec<(usize, Candidate)> {
        let as_it_is = self.as_it_is();
        let of_setting = |(place, setting): (usize, &Parameter)| {
            let with = |level| {
                let mut candidate = as_it_is.clone();
                candidate.levels[place] = level;
                (place, candidate)
            };
            ends(&setting.values).into_iter().map(with).collect::<Vec<_>>()
        };
        self.plan().settings.iter().enumerate().flat_map(of_setting).collect()
    }

    /// Checks that a text with the values of a candidate written into it describes the same system
    /// as the scenario with these values, as it is written and under each condition.
    ///
    /// # Errors
    /// [`Misapplied`] for the first difference.
    pub fn check_written(&self, candidate: &Candidate, written: &Input) -> Result<(), Misapplied> {
        let values = settings(self.plan().settings.iter().zip(&candidate.levels));
        let conditions = self.plan().conditions.iter().cloned().map(Some);
        for condition in std::iter::once(None).chain(conditions) {
            let request =
                |values| Request::Goals(GoalsRequest { condition: condition.clone(), values });
            let tried = self.study().read_for(request(values.clone()));
            let written = self.study().read_instead(written, request(Vec::new()));
            let Some(blueprint) = &written.blueprint else {
                return Err(Misapplied::Problems(Box::new(written)));
            };
            if tried.blueprint.is_none_or(|tried| contents(&tried) != contents(blueprint)) {
                return Err(Misapplied::Differs { condition });
            }
        }
        Ok(())
    }
}

/// Everything in a blueprint but its name, which may come from the name of the file.
fn contents(blueprint: &Blueprint) -> String {
    format!("{:?}", Blueprint { name: String::new(), ..blueprint.clone() })
}
