//! Progress on the terminal, and the interrupt key.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use sim_experiments::Progress;

use crate::terminal;

/// Steps of a bar.
const STEPS: u64 = 1_000;

/// Watches runs: shows how far each is if somebody looks, and breaks them off when the user
/// interrupts.
pub struct Watcher {
    bars: Vec<ProgressBar>,
    is_interrupted: Arc<AtomicBool>,
}

impl Watcher {
    /// A watcher of the runs with these names.
    pub fn new(names: &[String]) -> Self {
        let is_interrupted = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&is_interrupted);
        // Without a handler an interrupt ends the process at once, which loses only the partial
        // result.
        let _ = ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed));
        Self { bars: bars(names), is_interrupted }
    }

    /// Notes how far a run is.
    pub fn look(&self, run: usize, progress: Progress) -> ControlFlow<()> {
        if let Some(bar) = self.bars.get(run) {
            bar.set_position((progress.share() * STEPS as f64) as u64);
            let rate = progress.events as f64 / bar.elapsed().as_secs_f64().max(1e-3) / 1e6;
            bar.set_message(format!(
                "{:.0} s simulated, {rate:.1} million events/s",
                progress.now.as_secs_f64()
            ));
        }
        self.patience()
    }

    /// A watcher of so many runs that are counted and not shown one by one.
    pub fn counting(runs: usize) -> Self {
        let watcher = Self::new(&[]);
        if !terminal::is_watched() {
            return watcher;
        }
        let style = ProgressStyle::with_template("[{bar:30}] {pos} of {len} runs, {eta} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("=> ");
        Self { bars: vec![ProgressBar::new(runs as u64).with_style(style)], ..watcher }
    }

    /// A watcher of the points of a sweep, some of which may be done already.
    pub fn of_points(points: u64) -> Self {
        let watcher = Self::counting(points as usize);
        let style =
            ProgressStyle::with_template("[{bar:30}] {pos} of {len} points, {per_sec}, {eta} left")
                .unwrap_or_else(|_| ProgressStyle::default_bar())
                .progress_chars("=> ");
        watcher.bars.iter().for_each(|bar| bar.set_style(style.clone()));
        watcher
    }

    /// A watcher of something that goes from stage to stage.
    pub fn of_stages() -> Self {
        let watcher = Self::counting(0);
        let style = ProgressStyle::with_template("{msg} {wide_bar} {pos} of {len}, {eta} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("=> ");
        watcher.bars.iter().for_each(|bar| bar.set_style(style.clone()));
        watcher
    }

    /// Tells which stage has been reached, and how far it is if that is known.
    pub fn stage(&self, words: &'static str, done: Option<(u64, u64)>) {
        for bar in &self.bars {
            bar.set_message(words);
            if let Some((done, of)) = done {
                bar.set_length(of);
                bar.set_position(done);
            }
        }
    }

    /// Notes that several points are done.
    pub fn count_several(&self, points: u64) {
        self.bars.iter().for_each(|bar| bar.inc(points));
    }

    /// Notes that one of the runs counted is over.
    pub fn count(&self) {
        self.bars.iter().for_each(|bar| bar.inc(1));
    }

    /// Whether the user has interrupted.
    pub fn patience(&self) -> ControlFlow<()> {
        if self.is_interrupted.load(Ordering::Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    /// Takes the bars off the terminal.
    pub fn clear(&self) {
        self.bars.iter().for_each(ProgressBar::finish_and_clear);
    }
}

fn bars(names: &[String]) -> Vec<ProgressBar> {
    if !terminal::is_watched() {
        return Vec::new();
    }
    let style =
        ProgressStyle::with_template("{prefix:20!} [{bar:30}] {percent:>3}%  {msg}, {eta} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("=> ");
    let all = MultiProgress::new();
    let bar = |name: &String| {
        all.add(ProgressBar::new(STEPS)).with_style(style.clone()).with_prefix(name.clone())
    };
    names.iter().map(bar).collect()
}

/// How long something takes a person who waits for it; no result depends on that.
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// One that begins now.
    #[allow(
        clippy::disallowed_methods,
        reason = "tells how long a test took, as people expect of a test runner"
    )]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since then.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
