//! `fusebox sweep` and `fusebox merge`.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Mutex;

use sim_experiments::sweep::{Share, Sweep, Unready};
use sim_models::scenario::{Overrides, Purpose, SweepRequest};
use sim_reports::files;
use sim_reports::sweep::{self, Header, JOURNAL, Journal, JournalError};

use crate::arguments::{Merge, Sweep as Arguments, SweepFormat};
use crate::failure::Failure;
use crate::progress::Watcher;
use crate::{run, scenario, terminal};

/// Simulates every point that is not done yet, then tells what the sweep shows.
pub fn sweep(arguments: &Arguments) -> Result<(), Failure> {
    let sweep = prepare(arguments)?;
    let share = arguments.shard.unwrap_or(Share::WHOLE);
    let header = Header::of(&sweep, share);
    let (journal, is_done) = journal(arguments, &header)?;
    simulate(arguments, &sweep, share, &journal, &is_done)?;
    if share == Share::WHOLE {
        return show(&header, &[journal], arguments.out.as_deref(), arguments.format);
    }
    let points = sweep.points_of(share);
    let folder = arguments.out.as_deref().unwrap_or(Path::new("."));
    let Share { part, parts } = share;
    terminal::print(&format!(
        "part {part}/{parts}: {points} of {} points are in {}\nwhen all parts are done: fusebox merge DIR... --out DIR\n",
        header.plan.points(),
        folder.join(JOURNAL).display()
    ))
}

fn prepare(arguments: &Arguments) -> Result<Sweep, Failure> {
    let input = scenario::input(&arguments.file)?;
    let number =
        |key: &'static str, number: Option<u32>| number.map(|number| (key, number.to_string()));
    let settings = [
        arguments.design.clone().map(|design| ("design", design)),
        number("replications", arguments.replications),
        arguments.precision.clone().map(|precision| ("precision", precision)),
        number("most replications", arguments.most_replications),
        arguments.abandon.then(|| ("abandon", "true".to_owned())),
    ];
    let request = SweepRequest {
        vary: arguments.vary.clone(),
        figures: arguments.figures.clone(),
        maximize: arguments.maximize.clone(),
        minimize: arguments.minimize.clone(),
        settings: settings.into_iter().flatten().collect(),
        values: Vec::new(),
    };
    let more = run::settings(arguments.seed, arguments.duration.as_deref());
    let overrides = Overrides {
        variant: arguments.variant.clone(),
        settings: [arguments.settings.as_slice(), &more].concat(),
        purpose: Purpose::Sweep(request),
    };
    Sweep::prepare(input, overrides).map_err(|unready| match unready {
        Unready::NothingVaries => Failure::Usage(
            "nothing varies: write `sweep: { vary: { PATH: VALUES } }` into the file, or give --vary PATH=VALUES".to_owned(),
        ),
        Unready::Problems(all) => {
            scenario::explain_once(&all);
            Failure::Scenario
        }
    })
}

/// The journal to write, and which points it holds already.
fn journal(arguments: &Arguments, header: &Header) -> Result<(Journal, Vec<bool>), Failure> {
    let Some(folder) = &arguments.out else { return Ok((Journal::temporary(header)?, Vec::new())) };
    files::make_folder(folder)?;
    let path = folder.join(JOURNAL);
    if arguments.resume && path.exists() {
        return Ok(Journal::resume(&path, header)?);
    }
    Ok((Journal::create(&path, header)?, Vec::new()))
}

fn simulate(
    arguments: &Arguments,
    sweep: &Sweep,
    share: Share,
    journal: &Journal,
    is_done: &[bool],
) -> Result<(), Failure> {
    let done = is_done.iter().filter(|is_done| **is_done).count() as u64;
    let is_done = |point: u64| is_done.get(point as usize).copied().unwrap_or(false);
    let watcher = Watcher::of_points(sweep.points_of(share).saturating_sub(done));
    let failure: Mutex<Option<JournalError>> = Mutex::new(None);
    let ended =
        sweep.run(share, &is_done, run::jobs(arguments.jobs), &|| watcher.patience(), &|points| {
            watcher.count_several(points.len() as u64);
            let written = points.iter().try_for_each(|point| journal.append(point));
            written.map_or_else(
                |error| {
                    failure.lock().expect("no thread has panicked").get_or_insert(error);
                    ControlFlow::Break(())
                },
                ControlFlow::Continue,
            )
        });
    watcher.clear();
    if let Some(error) = failure.into_inner().expect("no thread has panicked") {
        return Err(error.into());
    }
    if ended.is_break() {
        if arguments.out.is_some() {
            terminal::complain("interrupted; what is done is in the journal: go on with --resume");
        }
        return Err(Failure::Stopped);
    }
    Ok(())
}

/// Puts the parts of a sweep together.
pub fn merge(arguments: &Merge) -> Result<(), Failure> {
    let journals: Vec<Journal> = arguments
        .folders
        .iter()
        .map(|folder| Journal::open(&folder.join(JOURNAL)))
        .collect::<Result<_, _>>()?;
    for journal in &journals[1..] {
        journal.check_goes_with(&journals[0])?;
    }
    let header = journals[0].header().whole();
    show(&header, &journals, arguments.out.as_deref(), arguments.format)
}

/// Prints what a finished sweep tells, and writes the folder if there is one.
fn show(
    header: &Header,
    journals: &[Journal],
    folder: Option<&Path>,
    format: SweepFormat,
) -> Result<(), Failure> {
    let findings = sweep::findings(header, journals)?;
    if let Some(folder) = folder {
        files::make_folder(folder)?;
        sweep::write_all(header, journals, &findings, folder)?;
    }
    match format {
        SweepFormat::Text => terminal::print(&sweep::report(
            header,
            journals,
            &findings,
            terminal::stdout_palette(),
        )?),
        SweepFormat::Json => Ok(sweep::json(header, journals, &mut terminal::output())?),
        SweepFormat::Csv => Ok(sweep::csv(header, journals, &mut terminal::output())?),
    }
}
