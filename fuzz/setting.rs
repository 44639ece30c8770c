//! Settings given as arguments: `--set`, `--vary`, `--variant`, `--condition`.

use sim_experiments::Unready;
use sim_experiments::sweep::Sweep;
use sim_models::scenario::{Overrides, Request, SweepRequest, load, utf_8};

use crate::shown;
use crate::system::{SYSTEM, input, limited, run_if_sound};

/// Gives the system these settings, one a line.
pub fn target(bytes: &[u8]) {
    let Ok(text) = utf_8(bytes.to_vec()) else { return };
    let settings: Vec<&str> = text.split('\n').collect();
    let set = limited(&settings);
    run_if_sound(&load(&input(SYSTEM), &set));
    let named = [
        Overrides { variant: Some(text.clone()), ..limited(&[]) },
        Overrides { request: Request::Condition(text.clone()), ..limited(&[]) },
    ];
    for overrides in named {
        run_if_sound(&load(&input(SYSTEM), &overrides));
    }
    vary(&settings);
}

/// Prepares a sweep over these settings, and chooses its first and last points.
fn vary(settings: &[&str]) {
    let request = SweepRequest {
        vary: settings.iter().map(|setting| (*setting).to_owned()).collect(),
        ..SweepRequest::default()
    };
    let overrides = Overrides { request: Request::Sweep(request), ..limited(&[]) };
    match Sweep::prepare(input(SYSTEM), overrides) {
        Ok(sweep) => {
            let points = sweep.plan().points();
            for point in [0, points - 1] {
                assert!(!sweep.chooser().levels(point).is_empty());
            }
        }
        Err(Unready::Problems(readings)) => {
            for loaded in readings {
                shown::problems(&loaded.problems, &loaded.sources);
            }
        }
        Err(Unready::NothingAsked) => {}
    }
}
