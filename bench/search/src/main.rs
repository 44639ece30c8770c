use std::path::Path;
use sim_experiments::Unattended;
use sim_experiments::recommend::{TunableSystem, recommend, recheck, Conclusion, block};
use sim_models::scenario::{Input, Overrides};
fn system(path: &str, seed: u64, runs: u32) -> TunableSystem {
    let text = std::fs::read_to_string(path).expect("the scenario can be read");
    let folder = Path::new(path).parent().expect("a file lies in a folder").to_owned();
    let mut settings = vec![format!("run.seed={seed}")];
    if runs > 0 { settings.push(format!("goals.runs={runs}")); }
    let overrides = Overrides { settings, ..Overrides::default() };
    TunableSystem::prepare(Input { name: path.to_owned(), text, folder }, overrides)
        .unwrap_or_else(|_| panic!("{path}: the goals are not valid"))
}
fn main() {
    let a: Vec<String> = std::env::args().skip(1).collect();
    let seeds: u64 = a[0].parse().unwrap();
    let runs: u32 = a[1].parse().unwrap();
    let fresh: u32 = a[2].parse().unwrap();
    for path in &a[3..] {
        for seed in std::env::var("FIRST").map_or(1, |x| x.parse().unwrap())..=seeds {
            let s = system(path, seed, runs);
            let t = std::time::Instant::now();
            let watch = Unattended { jobs: 2 };
            let r = recommend(&s, &watch).unwrap();
            let el = t.elapsed();
            let mut worst = String::new();
            if fresh > 0 {
                let c = r.candidate();
                let sys = s.systems(&c).unwrap();
                let k = recheck(&s, &sys, block(7, fresh).unwrap(), &watch).unwrap();
                let w = k.limits.iter().map(|l| l.limit.recommended.kept.kept).min().unwrap();
                worst = format!("worst limit kept {w}/{fresh}");
            }
            println!("{path} seed {seed}: {:?} {:?} runs {} searched {} candidates {} ends {} {:?} {worst}", r.conclusion, r.objectives.iter().map(|o| (o.0.unwrap_or(f64::NAN).round(), o.1.unwrap_or(f64::NAN).round())).collect::<Vec<_>>(), r.runs, r.searched, r.candidates, r.runs_of_end, el);
            let _ = Conclusion::Keep;
        }
    }
}
