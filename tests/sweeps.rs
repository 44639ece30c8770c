//! Sweeps: the results do not depend on threads and parts, and are right where the answer is known.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;

use serde_json::{Value, json as value};
use sim_experiments::sweep::analysis::Analysis;
use sim_experiments::sweep::{Chooser, Estimate, Point, PointState, Shard, Sweep};
use sim_experiments::{Impatient, Interrupted, Unattended, Unready};
use sim_models::observe::FigureUnit;
use sim_models::scenario::{Input, Overrides, Request, SweepPlan, SweepRequest};
use sim_models::study::{Design, FigurePlan, Parameter, Replications};
use sim_reports::sweep::{
    Header, JOURNAL, Journal, csv, csv_of_part, findings, json, json_of_part, report_of_part,
    write_all,
};
use sim_reports::{Palette, Paper};

use crate::running::{self, one_section_a_line};

const QUEUE: &str = "run: { duration: 20s, warmup: 2s }
    workloads: { web: { to: api, arrivals: poisson 90/s } }
    services: { api: { threads: 1, handle: [ { work: exponential 10ms } ] } }
    calls: { web -> api: { timeout: 500ms } }
    faults: [ { at: 8s, for: 4s, slow: api, by: 5x } ]
    sweep: { vary: { services.api.threads: 1..3, workloads.web.arrivals: poisson 40/s..160/s in 4, 'faults[0].by': [2x, 8x] },
    maximize: [ availability of web ], minimize: [ capacity of api.threads ],
      figures: [ p99 of web during fault, recovery of availability of web after fault ] }";

fn sweep(text: &str, request: SweepRequest) -> Result<Sweep, Unready> {
    let input =
        Input { name: "test.yaml".into(), text: one_section_a_line(text), folder: ".".into() };
    Sweep::prepare(input, Overrides { request: Request::Sweep(request), ..Overrides::default() })
}

fn sound(text: &str, settings: &[(&'static str, &str)]) -> Sweep {
    let settings = settings.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
    sweep(text, SweepRequest { settings, ..SweepRequest::default() }).expect("a sound sweep")
}

/// All points of a part, in the order of their indices.
fn points(sweep: &Sweep, shard: Shard, jobs: usize) -> Vec<Point> {
    let all = Mutex::new(Vec::new());
    let keep = |points: &[Point]| {
        all.lock().expect("no panic").extend_from_slice(points);
        Ok::<(), Interrupted>(())
    };
    sweep.run(shard, &|_| false, &Unattended { jobs }, &keep).expect("not interrupted");
    let mut all = all.into_inner().expect("no panic");
    all.sort_by_key(|point| point.point);
    all
}

/// Runs a part, with its journal in `folder`.
fn carry_out(sweep: &Sweep, shard: Shard, jobs: usize, folder: &Path) -> Journal {
    std::fs::create_dir_all(folder).expect("a folder");
    let journal =
        Journal::create(&folder.join(JOURNAL), &Header::of(sweep, shard)).expect("a journal");
    let keep = |points: &[Point]| {
        for point in points {
            journal.append(point).expect("written");
        }
        Ok::<(), Interrupted>(())
    };
    sweep.run(shard, &|_| false, &Unattended { jobs }, &keep).expect("not interrupted");
    journal
}

/// Every file that a finished sweep leaves, by name.
fn results(journals: &[Journal], folder: &Path) -> Vec<(String, Vec<u8>)> {
    let header = journals[0].header().whole();
    write_all(&header, journals, &findings(&header, journals).expect("complete"), folder)
        .expect("written");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("readable").path())
        .map(|path| {
            (
                path.file_name().expect("a name").to_string_lossy().into_owned(),
                std::fs::read(&path).expect("readable"),
            )
        })
        .collect();
    files.sort();
    files
}

#[test]
fn a_sweep_leaves_the_same_bytes_whatever_threads_and_parts_it_is_done_in() {
    for abandon in ["false", "true"] {
        let sweep = sound(QUEUE, &[("abandon", abandon), ("replications", "4")]);
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let whole = results(&[carry_out(&sweep, Shard::WHOLE, 1, &at("one"))], &at("one"));
        assert!(whole.iter().map(|(name, _)| name.as_str()).eq([
            "effects.png",
            "effects.svg",
            "front.png",
            "front.svg",
            "journal.jsonl",
            "maps.png",
            "maps.svg",
            "points.csv",
            "points.parquet",
            "sensitivity.png",
            "sensitivity.svg",
            "sweep.json",
        ]));
        let threads = results(&[carry_out(&sweep, Shard::WHOLE, 3, &at("three"))], &at("three"));
        assert!(whole == threads, "three threads");
        let parts: Vec<Journal> = [2, 3, 1]
            .map(|part| carry_out(&sweep, Shard { part, parts: 3 }, 2, &at(&format!("part{part}"))))
            .into();
        std::fs::create_dir_all(at("merged")).expect("a folder");
        assert!(whole == results(&parts, &at("merged")), "three parts");
    }
}

#[test]
fn a_sweep_that_was_killed_goes_on_where_it_was_and_does_nothing_twice() {
    let sweep = sound(QUEUE, &[]);
    let folder = tempfile::tempdir().expect("a folder");
    let whole = results(
        &[carry_out(&sweep, Shard::WHOLE, 2, &folder.path().join("whole"))],
        &folder.path().join("whole"),
    );
    // A kill leaves some lines, out of order, and half of another.
    let journal = String::from_utf8(whole[4].1.clone()).expect("UTF-8");
    let mut lines: Vec<&str> = journal.lines().collect();
    lines.truncate(11);
    lines[5..].reverse();
    let cut = folder.path().join("cut");
    std::fs::create_dir_all(&cut).expect("a folder");
    std::fs::write(cut.join(JOURNAL), format!("{}\n{{\"point\":10,\"repl", lines.join("\n")))
        .expect("written");
    let header = Header::of(&sweep, Shard::WHOLE);
    let (resumed, is_done) = Journal::resume(&cut.join(JOURNAL), &header).expect("to go on with");
    assert_eq!(is_done.iter().filter(|is_done| **is_done).count(), 10);
    let told = Mutex::new(BTreeSet::new());
    let keep = |points: &[Point]| {
        for point in points {
            resumed.append(point).expect("written");
            assert!(told.lock().expect("no panic").insert(point.point));
        }
        Ok::<(), Interrupted>(())
    };
    sweep
        .run(Shard::WHOLE, &|point| is_done[point as usize], &Unattended { jobs: 2 }, &keep)
        .expect("not interrupted");
    assert!(
        told.into_inner().expect("no panic").into_iter().eq(10..24),
        "the first ten are not simulated again"
    );
    assert!(whole == results(&[resumed], &cut));
    // A different sweep cannot continue here, and this one cannot start afresh.
    let other = Header::of(&sound(QUEUE, &[("replications", "2")]), Shard::WHOLE);
    assert!(
        Journal::resume(&cut.join(JOURNAL), &other)
            .is_err_and(|error| error.to_string().contains("another sweep"))
    );
    assert!(
        Journal::create(&cut.join(JOURNAL), &header)
            .is_err_and(|error| error.to_string().contains("--resume"))
    );
}

#[test]
fn parts_that_are_missing_are_told() {
    let sweep = sound(QUEUE, &[("replications", "1")]);
    let folder = tempfile::tempdir().expect("a folder");
    let part = carry_out(&sweep, Shard { part: 2, parts: 3 }, 2, folder.path());
    let told = findings(&part.header().whole(), &[part]).expect_err("incomplete").to_string();
    assert_eq!(
        told,
        format!(
            "16 of 24 points are missing from {}: 0, 2, 3, 5, 6 and 11 more; finish every part with --resume, and name the folders of all parts",
            folder.path().join(JOURNAL).display()
        )
    );
}

#[test]
fn points_share_their_random_numbers() {
    // Two points that differ only in a setting that nothing depends on do not differ at all.
    let text = QUEUE.replace("services.api.threads: 1..3", "services.api.threads: [50, 60]");
    let points = points(&sound(&text, &[]), Shard::WHOLE, 2);
    for (one, other) in points.iter().zip(&points[8..]) {
        assert_eq!((one.figures[0], one.figures[2]), (other.figures[0], other.figures[2]));
    }
}

#[test]
fn the_first_replication_of_a_point_is_what_a_run_of_its_settings_tells() {
    let sweep = sound(QUEUE, &[("replications", "1")]);
    let point = &points(&sweep, Shard::WHOLE, 2)[13];
    let settings =
        ["services.api.threads=2", "workloads.web.arrivals=poisson 120/s", "faults[0].by=8x"];
    let run = running::run_text(&one_section_a_line(QUEUE), &settings);
    let summary = &run.summary.workloads[0];
    let Estimate { mean, half_width } = point.figures[0].expect("a figure");
    assert!((mean - summary.availability).abs() < 1e-12 && half_width.is_none());
}

#[test]
fn a_point_is_repeated_until_its_figures_are_known_as_precisely_as_asked() {
    let text = QUEUE.replace(
        "figures: [ p99 of web during fault, recovery of availability of web after fault ]",
        "figures: [ mean latency of web ]",
    );
    let rough = points(&sound(&text, &[("replications", "3")]), Shard::WHOLE, 2);
    let sweep = sound(&text, &[("precision", "4%"), ("most replications", "1000")]);
    let precise = points(&sweep, Shard::WHOLE, 2);
    let relative = |point: &Point| {
        let figure = point.figures[2].expect("a figure");
        figure.half_width.expect("several runs") / figure.mean
    };
    assert!(
        precise.iter().all(|point| relative(point) <= 0.04 / 1.04),
        "{:?}",
        precise.iter().map(|p| (p.replications, relative(p))).collect::<Vec<_>>()
    );
    assert!(rough.iter().any(|point| relative(point) > 0.04), "three are not enough everywhere");
    let counts: BTreeSet<u32> = precise.iter().map(|point| point.replications).collect();
    assert!(
        counts.len() > 3 && counts.iter().all(|count| *count >= 3),
        "as many as each needs: {counts:?}"
    );
}

#[test]
fn what_is_clearly_worse_is_given_up_and_what_is_not_is_kept() {
    let text = QUEUE.replace("minimize: [ capacity of api.threads ],", "");
    let all = points(&sound(&text, &[("replications", "12")]), Shard::WHOLE, 2);
    let some =
        points(&sound(&text, &[("replications", "12"), ("abandon", "true")]), Shard::WHOLE, 2);
    let abandoned: Vec<&Point> =
        some.iter().filter(|point| matches!(point.state, PointState::Abandoned(_))).collect();
    assert!(abandoned.len() > 8, "{}", abandoned.len());
    for point in abandoned {
        let PointState::Abandoned(better) = point.state else { unreachable!("abandoned") };
        let availability = |point: u64| all[point as usize].figures[0].expect("a figure").mean;
        assert!(point.replications < 12 && availability(better) > availability(point.point));
    }
    let best = all.iter().map(|point| point.figures[0].expect("a figure").mean).fold(0.0, f64::max);
    let kept = some.iter().filter(|point| point.state == PointState::Measured);
    assert!(
        kept.map(|point| point.figures[0].expect("a figure").mean)
            .any(|availability| availability == best)
    );
}

/// Evenly spaced arrivals at a server that stands still for ten seconds. The backlog shrinks at the
/// difference between the server's rate and that of the arrivals; answers are good again once the
/// wait is shorter than the clients' patience.
#[test]
fn recovery_takes_as_long_as_the_backlog_says() {
    let text = "run: { duration: 60s }
        workloads: { web: { to: api, arrivals: constant 100/s } }
        services: { api: { threads: 1, handle: [ { work: 5ms } ] } }
        calls: { web -> api: { timeout: 1s } }
        faults: [ { at: 20s, for: 10s, pause: api } ]
        sweep: { vary: { run.seed: [1] }, figures: [ recovery of availability of web after fault,
        recovery of goodput of web to 50% of normal after fault ] }";
    // 1000 wait at the end. The last of n waits n/200 s, and n falls by 100 a second.
    let point = &points(&sound(text, &[("replications", "1")]), Shard::WHOLE, 1)[0];
    let expected = (1_000.0 - 200.0) / 100.0;
    let measured = point.figures[0].expect("a figure").mean;
    assert!((measured - expected).abs() <= 1.0, "{measured} s, expected {expected} s");
}

/// f = sin x1 + 7 sin² x2 + 0.1 x3⁴ sin x1 on [-π, π]³ (Ishigami and Homma, 1990), whose indices
/// are known.
fn ishigami(shares: &[f64]) -> f64 {
    let [x1, x2, x3] =
        [0, 1, 2].map(|dimension| (2.0 * shares[dimension] - 1.0) * std::f64::consts::PI);
    libm::sin(x1) + 7.0 * libm::pow(libm::sin(x2), 2.0) + 0.1 * libm::pow(x3, 4.0) * libm::sin(x1)
}

fn of_function(
    design: Design,
    function: &dyn Fn(&[f64]) -> f64,
) -> sim_experiments::sweep::analysis::Findings {
    let parameter = |path: &str| Parameter {
        path: path.to_owned(),
        values: "0.0..1.0".parse().expect("values"),
    };
    let plan = SweepPlan {
        parameters: ["x1", "x2", "x3"].map(parameter).into(),
        design,
        figures: vec![FigurePlan { text: "f".to_owned(), unit: FigureUnit::Count, better: None }],
        replications: Replications { first: 1, most: 1, precision: None },
        abandons: false,
        now: Vec::new(),
    };
    let chooser = Chooser::new(&plan, 3);
    let mut analysis = Analysis::new(&plan, chooser.clone());
    for point in 0..plan.points() {
        let at: Vec<f64> = chooser.levels(point).into_iter().map(|level| level.number).collect();
        let figures = vec![Some(Estimate { mean: function(&at), half_width: None })];
        analysis.add(&Point { point, replications: 1, state: PointState::Measured, figures });
    }
    analysis.finish()
}

#[test]
fn sensitivity_indices_are_those_of_the_ishigami_function() {
    let indices = of_function(Design::Saltelli(4096), &ishigami)
        .indices
        .expect("indices")
        .of(0)
        .expect("it varies");
    let known = [(0.3139, 0.5576), (0.4424, 0.4424), (0.0, 0.2437)];
    for (index, (first, total)) in indices.iter().zip(known) {
        assert!(
            (index.first - first).abs() < 0.02 + index.first_half_width,
            "{index:?}, known {first}"
        );
        assert!(
            (index.total - total).abs() < 0.02 + index.total_half_width,
            "{index:?}, known {total}"
        );
        assert!(index.first_half_width < 0.06 && index.total_half_width < 0.06, "{index:?}");
    }
}

#[test]
fn drawn_points_tell_what_each_setting_explains_by_itself() {
    let function = |x: &[f64]| 5.0 * x[0] - 2.0 * x[1] + x[1] * x[2];
    // Variances of the main effects 5 x1, -1.5 x2, 0.5 x3 and of the interaction.
    let (main, interaction) = ([25.0, 2.25, 0.25].map(|square| square / 12.0), 1.0 / 144.0);
    let whole: f64 = main.iter().sum::<f64>() + interaction;
    for design in [Design::LatinHypercube(20_000), Design::Random(20_000), Design::Sobol(16_384)] {
        let explained = of_function(design, &function).explained(0).expect("it varies");
        for (share, variance) in explained.iter().zip(main) {
            // Eighths of the range keep 1/64 of a straight line's variance inside them.
            assert!((share - variance / whole * 63.0 / 64.0).abs() < 0.01, "{design:?}: {share}");
        }
    }
}

#[test]
fn elementary_effects_are_those_of_a_linear_function_with_an_interaction() {
    let findings = of_function(Design::Morris(200), &|x| 5.0 * x[0] - 2.0 * x[1] + x[1] * x[2]);
    let screened = findings.screening.expect("a screening").of(0);
    assert!(
        (screened[0].mean - 5.0).abs() < 1e-2 && screened[0].spread < 1e-2,
        "straight: {:?}",
        screened[0]
    );
    assert!(
        (screened[1].mean + 1.5).abs() < 0.1 && (screened[1].size.mean - 1.5).abs() < 0.1,
        "{:?}",
        screened[1]
    );
    assert!(
        screened[2].spread > 0.2 && (screened[2].mean - 0.5).abs() < 0.1,
        "it interacts: {:?}",
        screened[2]
    );
}

#[test]
fn every_level_of_every_setting_is_looked_at_before_anything_runs() {
    let vary = [
        "services.api.threads=2, many",
        "calls.web -> api.timeout=1s..2s",
        "workloads.web.arrivals=poisson 1/s, often",
    ];
    let request = SweepRequest { vary: vary.map(str::to_owned).into(), ..SweepRequest::default() };
    let Err(Unready::Problems(problems)) = sweep(QUEUE, request) else { panic!("unsound") };
    let told: Vec<String> = problems
        .iter()
        .flat_map(|loaded| &loaded.problems)
        .map(|problem| problem.message.clone())
        .collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("many") && told[1].contains("often"), "{told:?}");
    let nothing = QUEUE.split("sweep:").next().expect("a beginning");
    assert!(matches!(sweep(nothing, SweepRequest::default()), Err(Unready::NothingAsked)));
}

/// Wherever it is stopped, it shows the points that are finished, as the whole sweep has them, and says how many they are.
#[test]
fn a_sweep_that_is_stopped_shows_its_finished_points() {
    let sweep = sound(QUEUE, &[]);
    let header = Header::of(&sweep, Shard::WHOLE);
    let all = sweep.points_of(Shard::WHOLE);
    let shown_after = |asks: u64| {
        let journal = Journal::temporary(&header).expect("a journal");
        let mut finished = Mutex::new(0);
        let keep = |points: &[Point]| {
            *finished.lock().expect("nobody panics") += points.len();
            for point in points {
                journal.append(point).expect("it can be written");
            }
            Ok::<(), Interrupted>(())
        };
        let ended = sweep.run(Shard::WHOLE, &|_| false, &Impatient::after(1, asks), &keep);
        let text = report_of_part(&header, &journal, Paper::new(Palette::Plain, 10_000))
            .expect("it can be read");
        let finished = *finished.get_mut().expect("nobody panics");
        assert!(
            text.contains(&format!(
                "PARTIAL: the sweep was interrupted; these are {finished} of {all} points"
            )),
            "{text}"
        );
        let is_row = |line: &&str| {
            line.trim().split(' ').next().is_some_and(|it| it.parse::<u64>().is_ok())
                && !line.contains(" of ")
        };
        let rows: Vec<String> = text.lines().filter(is_row).map(str::to_owned).collect();
        (ended, finished, rows)
    };
    let (ended, count, whole) = shown_after(u64::MAX);
    assert_eq!((ended, count as u64), (Ok(()), all));
    let mut seen = BTreeSet::new();
    for asks in [0, 10, 40] {
        let (ended, count, rows) = shown_after(asks);
        assert_eq!(ended, Err(Interrupted), "{asks}");
        let words = |rows: &[String]| -> Vec<String> {
            rows.iter().map(|row| row.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
        };
        assert!(words(&whole).starts_with(&words(&rows)) && rows.len() >= count, "{rows:?}");
        seen.insert(count);
    }
    assert!(seen.len() > 1 && seen.contains(&0), "{seen:?}");
}

/// As JSON it says which part of the points it is; as CSV it has the rows of the whole.
#[test]
fn a_sweep_that_is_stopped_has_its_finished_points_as_json_and_csv() {
    let sweep = sound(QUEUE, &[]);
    let header = Header::of(&sweep, Shard::WHOLE);
    let all = sweep.points_of(Shard::WHOLE);
    let journal_after = |jobs: usize, asks: u64| {
        let journal = Journal::temporary(&header).expect("a journal");
        let keep = |points: &[Point]| {
            for point in points {
                journal.append(point).expect("it can be written");
            }
            Ok::<(), Interrupted>(())
        };
        let _ = sweep.run(Shard::WHOLE, &|_| false, &Impatient::after(jobs, asks), &keep);
        journal
    };
    let read = |bytes: &[u8]| -> Value { serde_json::from_slice(bytes).expect("JSON") };
    let lines = |bytes: Vec<u8>| -> Vec<String> {
        String::from_utf8(bytes).expect("UTF-8").lines().map(str::to_owned).collect()
    };
    let whole = [journal_after(2, u64::MAX)];
    let (mut whole_json, mut whole_csv) = (Vec::new(), Vec::new());
    json(&header, &whole, &mut whole_json).expect("written");
    csv(&header, &whole, &mut whole_csv).expect("written");
    let (whole_json, whole_csv) = (read(&whole_json), lines(whole_csv));
    assert!(whole_json.get("partial").is_none());
    let mut seen = BTreeSet::new();
    for (jobs, asks) in [(1, 0), (1, 10), (1, 40), (2, 60)] {
        let journal = journal_after(jobs, asks);
        let (mut part_json, mut part_csv) = (Vec::new(), Vec::new());
        json_of_part(&header, &journal, &mut part_json).expect("written");
        csv_of_part(&header, &journal, &mut part_csv).expect("written");
        let (part_json, part_csv) = (read(&part_json), lines(part_csv));
        let points = part_json["points"].as_array().expect("points");
        assert_eq!(part_json["partial"], value!({ "points": points.len(), "of": all }));
        assert_eq!(part_json["sweep"], whole_json["sweep"]);
        assert_eq!((part_csv.len(), &part_csv[0]), (points.len() + 1, &whole_csv[0]));
        for (point, row) in points.iter().zip(&part_csv[1..]) {
            let number = point["point"].as_u64().expect("a number") as usize;
            assert_eq!((point, row), (&whole_json["points"][number], &whole_csv[number + 1]));
        }
        seen.insert(points.len());
    }
    assert!(seen.contains(&0) && seen.len() > 2 && !seen.contains(&(all as usize)), "{seen:?}");
}
