//! `fusebox stability`.

use sim_experiments::stability::{Tried, Unready, map};
use sim_models::scenario::Overrides;
use sim_reports::stability::{json, report, write_all};

use crate::arguments::{Format, Stability};
use crate::failure::Failure;
use crate::progress::Watcher;
use crate::{run, scenario, terminal};

/// Tries every load with every trigger, and tells what the system recovers from.
pub fn stability(arguments: &Stability) -> Result<(), Failure> {
    let tried = prepare(arguments)?;
    let name = tried.blueprint().name.clone();
    let watcher = Watcher::of_points(tried.cells());
    let found = map(&tried, run::jobs(arguments.jobs), &|| watcher.patience(), &|| watcher.count());
    watcher.clear();
    let stability = found.ok_or(Failure::Stopped)?;
    if let Some(folder) = &arguments.out {
        write_all(&stability, &name, folder)?;
    }
    match arguments.format {
        Format::Text => terminal::print(&report(&stability, &name, terminal::stdout_palette())),
        Format::Json => terminal::print(&json(&stability, &name)),
    }
}

fn prepare(arguments: &Stability) -> Result<Tried, Failure> {
    let setting = |section: &str, written: &String| {
        let (path, values) = written.split_once('=').ok_or_else(|| {
            Failure::Usage(format!(
                "`{written}` varies nothing: write PATH=VALUES, such as 'workloads.web.arrivals=poisson 100/s..900/s'"
            ))
        })?;
        Ok(format!("stability.{section}={{ '{path}': '{values}' }}"))
    };
    let load = arguments.load.iter().map(|load| setting("load", load));
    let trigger = arguments.trigger.iter().map(|trigger| setting("trigger", trigger));
    let asked: Vec<String> = load.chain(trigger).collect::<Result<_, Failure>>()?;
    let more = run::settings(arguments.seed, arguments.duration.as_deref());
    let settings = [arguments.settings.as_slice(), &more, &asked].concat();
    let overrides =
        Overrides { variant: arguments.variant.clone(), settings, ..Overrides::default() };
    Tried::prepare(scenario::input(&arguments.file)?, overrides).map_err(|unready| match unready {
        Unready::NothingAsked => Failure::Usage(
            "nothing is asked: write `stability:` into the file, or give --load PATH=VALUES and --trigger PATH=VALUES".to_owned(),
        ),
        Unready::Problems(all) => {
            scenario::explain_once(&all);
            Failure::Scenario
        }
    })
}
