//! What can be asked for on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use sim_experiments::sweep::Share;

const EXIT_CODES: &str = "\
Exit codes:
  0   fine
  1   an expectation failed, or a timeline is not as committed
  2   the input is wrong, or results cannot be written
  3   a limit or an interrupt stopped the run, or a condition its experiment; what was seen is shown
  70  a bug in fusebox";

/// Simulates graphs of services and shows how one slow database becomes a platform outage.
///
/// Describe services, pools, timeouts, retries and breakers in one file, and see in milliseconds
/// what happens when something breaks, the same way every time.
#[derive(Debug, Parser)]
#[command(name = "fusebox", version, after_help = EXIT_CODES, subcommand_required = true, arg_required_else_help = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run scenarios: summary and timeline
    Run(Run),
    /// Report everything that is wrong with scenarios, without running them
    Check(Check),
    /// Hold scenarios to what they expect, and to their committed timelines
    Test(Test),
    /// Run a scenario at many points of its settings: what each setting does, and which matter
    Sweep(Box<Sweep>),
    /// Put the parts of a sweep together that several machines have done
    Merge(Merge),
    /// Find settings that keep what is wanted of a scenario under every condition
    Recommend(Recommend),
    /// Find out from which triggers a scenario recovers by itself, and at which load
    Stability(Stability),
    /// Write a small commented scenario to start from
    New(New),
    /// Print the calls of a scenario that a library's or proxy's configuration stands for
    Import(Import),
    /// Print the JSON Schema of scenario files, for completion in editors
    #[command(
        after_help = "Example:\n  fusebox schema > fusebox.schema.json\n  # first line of a scenario, for editors with a YAML language server:\n  # yaml-language-server: $schema=fusebox.schema.json"
    )]
    Schema,
    /// Print a completion script for a shell
    #[command(
        after_help = "Example:\n  fusebox completions bash > ~/.local/share/bash-completion/completions/fusebox"
    )]
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// Which scenarios, and what to change about them.
#[derive(Debug, Args)]
pub struct Scenarios {
    /// Scenario files; - reads standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Apply a named variant of the scenario
    #[arg(long, value_name = "NAME")]
    pub variant: Option<String>,
    /// Override a value; can be given several times, null takes a value away
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub settings: Vec<String>,
}

/// Arguments of `fusebox run`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  fusebox run scenarios/cascade-unprotected.yaml
  fusebox run scenarios/cascade-unprotected.yaml --set services.d.threads=60
  fusebox run scenarios/order-chain.yaml --variant latency-protected --out results/")]
pub struct Run {
    /// The scenarios.
    #[command(flatten)]
    pub scenarios: Scenarios,
    /// Use this seed instead of the file's
    #[arg(long)]
    pub seed: Option<u64>,
    /// Simulate this long instead, such as 10m
    #[arg(long)]
    pub duration: Option<String>,
    /// Print the report as text or as JSON
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Also write summary.json, timeline.csv, series.csv, latency.csv, overview.svg and
    /// overview.png into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Run several files on this many threads; the results are the same for any number [default:
    /// all processors]
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,
}

/// Arguments of `fusebox check`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  fusebox check scenarios/*.yaml")]
pub struct Check {
    /// The scenarios.
    #[command(flatten)]
    pub scenarios: Scenarios,
}

/// Arguments of `fusebox test`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  fusebox test scenarios/
  fusebox test 'scenarios/cascade-*.yaml' --seeds 20
  fusebox test shop.yaml --update
  fusebox test scenarios/ --junit results.xml

Each scenario runs as it is written and in each of its variants. What is expected stands under `expect:`;
the timeline is compared with NAME.timeline beside the scenario, if that is there.
Exits with 1 if an expectation fails or a timeline differs.")]
pub struct Test {
    /// Scenario files, folders of them, or patterns such as 'scenarios/cascade-*.yaml' [default:
    /// this folder]
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Test this variant only
    #[arg(long, value_name = "NAME")]
    pub variant: Option<String>,
    /// Override a value; can be given several times, null takes a value away
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub settings: Vec<String>,
    /// Write the timelines beside the scenarios, in place of what is there
    #[arg(long)]
    pub update: bool,
    /// Check the expectations over this many seeds, the scenario's own and those that follow it
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub seeds: u64,
    /// Print the list as text or as JSON
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// A report for continuous integration.
    #[arg(long, value_name = "FILE", help = "Also write a JUnit report to this file")]
    pub junit: Option<PathBuf>,
    /// Test on this many threads; the results are the same for any number [default: all processors]
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,
}

/// Arguments of `fusebox sweep`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  fusebox sweep shop.yaml --vary services.d.threads='20..200 step 20' --vary 'calls.c -> d.breaker.wait=5s,30s,2m'
  fusebox sweep shop.yaml --vary 'calls.c -> d.breaker=on,off' --minimize 'p99 of web during fault' --maximize 'goodput of web'
  fusebox sweep shop.yaml --design 'sobol 1024' --precision 5% --out results/
  fusebox sweep shop.yaml --out results/ --resume

Values are ranges (20..200 step 20, 100ms..10s log in 7, poisson 100/s..600/s) or lists (5s,30s,2m); on leaves what the
file says, off takes it away. What is left out here is taken from `sweep:` in the file.
All points are simulated with the same random numbers, so that they differ by their settings only.")]
pub struct Sweep {
    /// The scenario; - reads standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Apply a named variant of the scenario
    #[arg(long, value_name = "NAME")]
    pub variant: Option<String>,
    /// Override a value at every point; can be given several times
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub settings: Vec<String>,
    /// Vary a setting over a range or a list; can be given several times
    #[arg(long, value_name = "PATH=VALUES")]
    pub vary: Vec<String>,
    /// Measure this, such as 'p99 of web during fault'; can be given several times
    #[arg(long = "figure", value_name = "FIGURE")]
    pub figures: Vec<String>,
    /// Measure this, more being better
    #[arg(long, value_name = "FIGURE")]
    pub maximize: Vec<String>,
    /// Measure this, less being better
    #[arg(long, value_name = "FIGURE")]
    pub minimize: Vec<String>,
    /// How points are chosen: grid, 'random N', 'latin hypercube N', 'sobol N', 'morris N',
    /// 'saltelli N'
    #[arg(long, value_name = "DESIGN")]
    pub design: Option<String>,
    /// Simulate each point this often [default: 5]
    #[arg(long, value_name = "N")]
    pub replications: Option<u32>,
    /// Simulate each point until its figures are known this precisely, such as 5%
    #[arg(long, value_name = "SHARE")]
    pub precision: Option<String>,
    /// At most this often for that [default: 50]
    #[arg(long, value_name = "N")]
    pub most_replications: Option<u32>,
    /// Give points up that are clearly worse than another in everything to maximize or minimize
    #[arg(long)]
    pub abandon: bool,
    /// Use this seed instead of the file's
    #[arg(long)]
    pub seed: Option<u64>,
    /// Simulate this long instead, such as 10m
    #[arg(long)]
    pub duration: Option<String>,
    /// Print the report, or the points as JSON or CSV
    #[arg(long, value_enum, default_value_t = SweepFormat::Text)]
    pub format: SweepFormat,
    /// Also write points.csv, points.parquet, sweep.json, plots and a journal into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Go on where the journal in the folder ends
    #[arg(long, requires = "out")]
    pub resume: bool,
    /// Do the I-th of N parts only, for `fusebox merge`; the same points whatever machine does them
    #[arg(long, value_name = "I/N", requires = "out", value_parser = share)]
    pub shard: Option<Share>,
    /// Simulate on this many threads; the results are the same for any number [default: all
    /// processors]
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,
}

/// `2/8`: the second of eight parts.
fn share(text: &str) -> Result<Share, String> {
    let numbers = text
        .split_once('/')
        .and_then(|(part, parts)| Some((part.parse().ok()?, parts.parse().ok()?)));
    match numbers {
        Some((part, parts)) if (1..=parts).contains(&part) => Ok(Share { part, parts }),
        Some((part, parts)) => {
            Err(format!("there is no part {part} of {parts}; parts are counted from 1"))
        }
        None => Err("write it as 2/8: the second of eight parts".to_owned()),
    }
}

/// Arguments of `fusebox merge`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  fusebox sweep shop.yaml --shard 1/2 --out part1/     # on one machine
  fusebox sweep shop.yaml --shard 2/2 --out part2/     # on another
  fusebox merge part1/ part2/ --out results/           # the same files as from one machine")]
pub struct Merge {
    /// The folders of the parts
    #[arg(required = true, value_name = "DIR")]
    pub folders: Vec<PathBuf>,
    /// Where to write points.csv, points.parquet, sweep.json, plots and the journal
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print the report, or the points as JSON or CSV
    #[arg(long, value_enum, default_value_t = SweepFormat::Text)]
    pub format: SweepFormat,
}

/// How a sweep is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SweepFormat {
    /// For people.
    Text,
    /// The points, with everything by its name.
    Json,
    /// The points as a table.
    Csv,
}

/// Arguments of `fusebox recommend`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  fusebox recommend shop.yaml
  fusebox recommend shop.yaml --out results/ --seed 4
  fusebox recommend shop.yaml --export resilience4j > application.yml
  fusebox recommend shop.yaml --set 'goals.limits[0]=availability of web is at least 99.9%'

What may move, the conditions, limits and objectives stand under `goals:` in the file. The answer is the same for the same
file and seed, whatever the number of threads.")]
pub struct Recommend {
    /// The scenario; - reads standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Apply a named variant of the scenario
    #[arg(long, value_name = "NAME")]
    pub variant: Option<String>,
    /// Override a value under every condition; can be given several times
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub settings: Vec<String>,
    /// Search for this many runs [default: the file's, or 500]
    #[arg(long, value_name = "N")]
    pub runs: Option<u32>,
    /// Use this seed instead of the file's
    #[arg(long)]
    pub seed: Option<u64>,
    /// Print a report, or everything as JSON
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Print the recommended settings as the configuration of a library or proxy, ready to be
    /// pasted, instead of the report
    #[arg(long, value_name = "FORMAT")]
    pub export: Option<ExportFormat>,
    /// Also write recommendation.json and pictures into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Simulate on this many threads; the answer is the same for any number [default: all
    /// processors]
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,
}

/// Arguments of `fusebox stability`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  fusebox stability scenarios/retry-storm.yaml
  fusebox stability shop.yaml --load 'workloads.web.arrivals=poisson 100/s..900/s in 9' --trigger 'faults[0].for=5s..60s in 4'
  fusebox stability shop.yaml --variant budget --out results/

A system is metastable at a load if it is well there until a trigger, and stays down when the trigger is gone.")]
pub struct Stability {
    /// The scenario; - reads standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Apply a named variant of the scenario
    #[arg(long, value_name = "NAME")]
    pub variant: Option<String>,
    /// Override a value in every run; can be given several times
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub settings: Vec<String>,
    /// The setting of a workload that is the load, and its range, in place of the file's
    #[arg(long, value_name = "PATH=VALUES")]
    pub load: Option<String>,
    /// The setting of a fault that is the trigger, and its values, in place of the file's
    #[arg(long, value_name = "PATH=VALUES")]
    pub trigger: Option<String>,
    /// Use this seed instead of the file's
    #[arg(long)]
    pub seed: Option<u64>,
    /// Simulate this long instead, such as 10m
    #[arg(long)]
    pub duration: Option<String>,
    /// Print the report as text or as JSON
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Also write stability.json and pictures into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Simulate on this many threads; the results are the same for any number [default: all
    /// processors]
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,
}

/// Arguments of `fusebox new`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  fusebox new shop.yaml && fusebox run shop.yaml")]
pub struct New {
    /// Where to write it; nothing is overwritten. Standard output if left out
    pub file: Option<PathBuf>,
}

/// Arguments of `fusebox import`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  fusebox import resilience4j application.yml --caller orders
  fusebox import istio destination-rule.yaml virtual-service.yaml
  fusebox import polly appsettings.json > calls.yaml

What has no equivalent is told in comments. The name of the caller is not in these files; the callees' are.")]
pub struct Import {
    /// Whose configuration it is
    #[arg(value_enum)]
    pub format: ImportFormat,
    /// The files, read together; - reads standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Who makes the calls
    #[arg(long, value_name = "NAME", default_value = "caller")]
    pub caller: String,
}

/// A configuration that can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// application.yml of Spring Boot
    #[value(name = "resilience4j")]
    Resilience4j,
    /// `DestinationRule` and `VirtualService`
    #[value(help = "DestinationRule and VirtualService")]
    Istio,
    /// Clusters
    Envoy,
    /// appsettings.json of .NET
    Polly,
    /// Settings in Go
    #[value(name = "gobreaker")]
    GoBreaker,
}

/// A configuration that can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ImportFormat {
    /// application.yml or application.properties of Spring Boot
    #[value(name = "resilience4j")]
    Resilience4j,
    /// `DestinationRule` and `VirtualService`
    #[value(help = "DestinationRule and VirtualService")]
    Istio,
    /// Clusters
    Envoy,
    /// appsettings.json of .NET
    Polly,
}

/// How a report is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}
