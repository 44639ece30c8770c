//! Users who send, wait for the answer, think and repeat.

use super::sessions::OnFailedRequest;
use crate::faults::Surge;
use crate::language::distribution::DurationPhrase;
use crate::language::quantity::Duration;
use crate::language::{HasShortForm, Placed, Problems, Short, section};
use crate::scenario::names::Names;
use crate::scenario::plan::{NOTHING, Plan};
use crate::steps::Step;
use crate::system::Source;
use crate::workload::{Stage, UserPlan};

section! {
    /// Users who send, wait for the answer, think and repeat.
    pub(crate) struct Closed {
        /// Users who send, wait for the answer, think and repeat.
        "users" => users: Placed<Short<Users>>,
        /// Time between an answer and the user's next request; none if left out.
        "think" => think: Option<Placed<DurationPhrase>>,
        /// Steps that each user takes once, before anything else.
        "begin" => begin: Vec<Placed<Step>>,
        /// With `begin again`, a request that fails ends the session of its user, who takes the
        /// steps of `begin` again; users think and go on if left out.
        "on failure" => on_failure: Option<OnFailedRequest>,
    }
}

section! {
    /// The number of users over time.
    pub(crate) struct Users {
        /// The number of users at the beginning, such as `50`.
        "from" => from: u32,
        /// Stages that follow.
        "stages" => stages: Vec<UserStage>,
    }
}

impl HasShortForm for Users {
    const KEY: &'static str = "from";
    type Value = u32;
}

section! {
    /// A stretch of time over which the number of users moves to a target.
    pub(crate) struct UserStage {
        /// The number of users at its end, such as `200`.
        "to" => to: u32,
        /// The time that the stage takes, such as `1m`.
        "over" => over: Duration,
    }
}

pub(super) fn compile(
    closed: &Closed,
    name: &str,
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) -> Source {
    let nothing = closed.users.with(DurationPhrase::Known(NOTHING));
    let think = plan.distribution(closed.think.as_ref().unwrap_or(&nothing), names, problems);
    let begin_again = match &closed.on_failure {
        None => None,
        Some(OnFailedRequest::BeginAgain) => Some(plan.distribution(&nothing, names, problems)),
        Some(OnFailedRequest::BeginAgainAfter(pause)) => {
            Some(plan.distribution(pause, names, problems))
        }
    };
    let users = &closed.users;
    let stages: Vec<Stage> =
        users.stages.iter().map(|stage| Stage { to: stage.to, over: stage.over.0 }).collect();
    let planned = UserPlan { start: users.from, stages };
    if planned.most() == 0 {
        let help = "write how many there are, such as `users: 50`";
        problems.error(users.at(), "there are never any users", help);
    }
    let surges = Surge::all_on(name, names);
    let users = surges.iter().fold(planned, |planned, surge| planned.times(surge));
    Source::Closed { users, think, begin_again }
}
