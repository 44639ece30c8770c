//! Recommendations: settings with which a system meets its goals under every condition.
//!
//! The settings that may change span a cube. A [`Candidate`] is a point of it, rounded to values
//! that people write. Each candidate is simulated under all conditions with the same random
//! numbers, and given up as soon as it is clearly no better than the best ones known. Before
//! anything is said about the answer, it is simulated again with random numbers that the search has
//! not seen.
//!
//! - `tunable_system`: the system under its conditions; `coupling`: settings that rules couple;
//!   `promise`: the share of runs that must keep a limit; `assessment`: the distance of a candidate
//!   from the goals;
//! - `formulas`: a start from queueing theory; `search`: candidates, generation by generation, as a
//!   strategy proposes them (`cma_es`, `local_search`, `coordinate`); `finalists`: the choice among
//!   what it has found;
//! - `refine`: the changes that are needed, and how far each setting may move; `confirm`: the
//!   answer on fresh random numbers; `answer`: steps from it that are better; `exchange`: other settings that
//!   make good what a cheaper candidate misses;
//!   `regions`: others that are about as good;
//! - `applied`: the recommended values in the file; `recheck`: the answer on random numbers that
//!   nobody has seen;
//! - `recommend`: all of these steps in order; `recommendation`: the record of the answer.

mod answer;
mod applied;
mod assessment;
mod cma_es;
mod confirm;
mod coordinate;
mod coupling;
mod exchange;
mod finalists;
mod formulas;
mod front;
mod local_search;
mod promise;
mod recheck;
#[allow(clippy::module_inception, reason = "holds the function that the folder is named after")]
mod recommend;
mod recommendation;
mod refine;
mod regions;
mod search;
mod tunable_system;
mod unmet;

pub use applied::{Change, Misapplied, changes};
pub use assessment::{Assessment, Caution, Kept, LimitHere, Miss};
pub use cma_es::CmaEs;
pub use coordinate::Coordinate;
pub use formulas::{Formula, FormulaEstimate, formulas};
pub use local_search::LocalSearch;
pub use promise::{Part, Promise};
pub use recheck::{Recheck, Rechecked, block, recheck};
pub use recommend::{LookFor, in_all_directions, look_for, recommend, recommend_by};
pub use recommendation::{
    Advice, Breach, Conclusion, LimitStanding, MeasuredLimit, MeasuredTogether, Recommendation,
    Standing, StandingTogether, Strained, Unmet,
};
pub use regions::{ABOUT_AS_GOOD, Region};
pub use search::{Search, Strategy, Tried};
pub use tunable_system::{Candidate, Memory, RunOfSystem, TunableSystem};
