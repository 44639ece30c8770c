//! Threads, progress on the terminal, and the interrupt key.

use std::fmt::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{HumanDuration, MultiProgress, ProgressBar, ProgressState, ProgressStyle};
#[cfg(unix)]
use signal_hook::consts::SIGHUP;
use signal_hook::consts::{SIGINT, SIGTERM};
use sim_experiments::{Progress, Watch};
use sim_models::printable::line;
use sim_models::study::FigurePlan;
use sim_reports::recommend::best_so_far;

use crate::terminal::{self, Progress as Shown};

/// The number of steps of a run's bar.
const STEPS: u64 = 1_000;
/// The bar of one run.
const RUN: &str = "{prefix:20!} [{bar:30}] {percent:>3}%  {msg}, {left}";
/// The bar of a stage whose steps are counted.
const COUNTED: &str = "{msg} [{bar:30}] {pos} of {len}, {rate}, {left}";
/// The line of a stage without steps.
const UNCOUNTED: &str = "{msg}";

/// The time between two lines about the progress of long work that nobody watches.
const BETWEEN_LINES: Duration = Duration::from_secs(10);

/// The signals that stop an analysis: an interrupt by the user, the end of a terminal, and a request to end.
#[cfg(unix)]
const SIGNALS: [i32; 3] = [SIGINT, SIGHUP, SIGTERM];
#[cfg(not(unix))]
const SIGNALS: [i32; 2] = [SIGINT, SIGTERM];

/// The option `--jobs`.
#[derive(Debug, Args)]
pub struct JobsOption {
    /// Simulate on this many threads; the results are the same for any number [default: all
    /// processors]
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
}

impl JobsOption {
    /// The watch over an analysis, which shows its stages if someone looks at the terminal.
    pub fn watch(&self) -> Watcher {
        Watcher::new(self.threads(), Vec::new(), Vec::new())
    }

    /// The same, which stops the analysis after a time.
    pub fn watch_for(&self, time: Option<Duration>) -> Watcher {
        let mut watcher = self.watch();
        watcher.time = time.map(|time| (Stopwatch::start(), time));
        watcher
    }

    /// The watch over runs with these names, which shows each if someone looks at the terminal.
    pub fn watch_runs(&self, names: &[String]) -> Watcher {
        let all = MultiProgress::new();
        let bar = |name: &String| {
            all.add(ProgressBar::new(STEPS))
                .with_style(style(RUN))
                .with_prefix(line(name).into_owned())
        };
        let is_shown = terminal::progress() == Shown::Bars;
        let bars = names.iter().filter(|_| is_shown).map(bar).collect();
        Watcher::new(self.threads(), bars, names.to_vec())
    }

    /// The number of threads that the user wants, or else one for each processor.
    fn threads(&self) -> usize {
        let processors = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        self.jobs.unwrap_or_else(processors).max(1)
    }
}

/// The watch of the terminal: shows progress, and stops the analysis when the user interrupts. Its
/// bars disappear with it.
pub struct Watcher {
    threads: usize,
    stage: ProgressBar,
    runs: Vec<ProgressBar>,
    /// The names of the runs.
    names: Vec<String>,
    /// The time since the last line about the progress, if there are lines.
    since_line: Option<Mutex<Stopwatch>>,
    is_interrupted: Arc<AtomicBool>,
    /// The time after which it stops, and the time since its beginning.
    time: Option<(Stopwatch, Duration)>,
    name_of_stage: Mutex<&'static str>,
}

impl Watcher {
    fn new(threads: usize, runs: Vec<ProgressBar>, names: Vec<String>) -> Self {
        let is_interrupted = Arc::new(AtomicBool::new(false));
        for signal in SIGNALS.into_iter().filter(|signal| !is_ignored(*signal)) {
            // Without a handler a signal ends the process at once, which loses only the partial result.
            let _ = signal_hook::flag::register(signal, Arc::clone(&is_interrupted));
        }
        let shown = terminal::progress();
        let is_shown = shown == Shown::Bars && names.is_empty();
        let stage = if is_shown { ProgressBar::no_length() } else { ProgressBar::hidden() };
        let since_line = (shown == Shown::Lines).then(|| Mutex::new(Stopwatch::start()));
        let name_of_stage = Mutex::default();
        Self { threads, stage, runs, names, since_line, is_interrupted, time: None, name_of_stage }
    }

    /// Prints a line about the progress if the last one was a while ago.
    fn say_now_and_then(&self, progress: impl FnOnce() -> String) {
        let Some(since) = &self.since_line else { return };
        let mut since = since.lock().expect("no thread has panicked");
        if since.elapsed() >= BETWEEN_LINES {
            *since = Stopwatch::start();
            terminal::explain(&format!("{}\n", line(&progress())));
        }
    }
}

/// True if whoever started the process told the operating system that it does not hear a signal, as `nohup` does
/// and a shell for what runs in the background. Only Linux says so.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask >> (signal - 1) & 1 == 1
}

impl Watch for Watcher {
    fn jobs(&self) -> usize {
        self.threads
    }

    fn is_interrupted(&self) -> bool {
        if self.time.as_ref().is_some_and(|(since, time)| since.elapsed() >= *time) {
            self.is_interrupted.store(true, Ordering::Relaxed);
        }
        self.is_interrupted.load(Ordering::Relaxed)
    }

    fn begin(&self, stage: &'static str, steps: Option<u64>) {
        self.stage.set_style(style(UNCOUNTED));
        self.stage.set_message(stage);
        *self.name_of_stage.lock().expect("no thread has panicked") = stage;
        if let Some(steps) = steps {
            self.stage.set_length(steps);
            self.stage.set_position(0);
            self.stage.reset_eta();
            self.stage.set_style(style(COUNTED));
        }
    }

    fn advance(&self, steps: u64) {
        // A search finishes the generation under way, which may take it past its runs.
        let left = self.stage.length().unwrap_or(0).saturating_sub(self.stage.position());
        self.stage.inc(steps.min(left));
        self.say_now_and_then(|| {
            let (done, all) = (self.stage.position(), self.stage.length().unwrap_or(0));
            format!("{}: {done} of {all}", self.stage.message())
        });
    }

    fn found(&self, keeps_limits: bool, objectives: &[(FigurePlan, Option<f64>)]) {
        let stage = *self.name_of_stage.lock().expect("no thread has panicked");
        let message = format!("{stage}, {}", best_so_far(keeps_limits, objectives));
        self.stage.set_message(line(&message).into_owned());
    }

    fn reached(&self, run: usize, progress: Progress) {
        self.say_now_and_then(|| {
            let name = self.names.get(run).map_or("run", String::as_str);
            let (simulated, percent) = (progress.now.as_secs_f64(), 100.0 * progress.share());
            format!("{name}: {percent:.0}%, {simulated:.0} s simulated")
        });
        if let Some(bar) = self.runs.get(run) {
            bar.set_position((progress.share() * STEPS as f64) as u64);
            let rate = progress.events as f64 / bar.elapsed().as_secs_f64().max(1e-3) / 1e6;
            bar.set_message(format!(
                "{:.0} s simulated, {rate:.1} million events/s",
                progress.now.as_secs_f64()
            ));
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.stage.finish_and_clear();
        self.runs.iter().for_each(ProgressBar::finish_and_clear);
    }
}

/// The style of a bar, with the key `rate` for steps per second.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key("rate", |state: &ProgressState, out: &mut dyn Write| {
            let _ = write!(out, "{:.1}/s", state.per_sec());
        })
        .with_key("left", |state: &ProgressState, out: &mut dyn Write| {
            // Whatever was foreseen, what is not over takes at least a moment more.
            let _ = match state.eta().as_secs() {
                _ if state.len() == Some(state.pos()) => write!(out, "nearly done"),
                0 => write!(out, "less than a second left"),
                seconds => write!(out, "{} left", HumanDuration(Duration::from_secs(seconds))),
            };
        })
        .progress_chars("=> ")
}

/// Measures how long a person waits. No result depends on it.
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// A stopwatch that starts now.
    #[allow(
        clippy::disallowed_methods,
        reason = "shows how long a test took, as people expect of a test runner"
    )]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
