//! Settings that rules couple, brought to where the rules hold.

use sim_models::study::{Level, Parameter, Rule, Side, SideOf};

/// The step by which settings move apart, as a share of their ranges.
const STEP: f64 = 0.01;
/// The number of rounds over all rules: settings may be coupled in a chain.
const MOST_ROUNDS: usize = 20;

/// Moves settings that break a rule towards each other until it holds: both to the middle between
/// them if both may change, and one of them if not. A search that had to take such a candidate for a
/// failure would see a wall where there is a path along it. A rule that no values keep is left broken, and so are
/// those after it.
pub(super) fn repair(levels: &mut [Level], rules: &[Rule], settings: &[Parameter]) {
    for _ in 0..MOST_ROUNDS {
        let broken: Vec<&Rule> = rules.iter().filter(|rule| !holds(rule, levels)).collect();
        if broken.is_empty() {
            return;
        }
        for rule in broken {
            if !holds(rule, levels) && !bring_together(rule, levels, settings) {
                return;
            }
        }
    }
}

/// True if a rule holds, or one of its sides is not set.
fn holds(rule: &Rule, levels: &[Level]) -> bool {
    let [lesser, greater] = [rule.lesser, rule.greater].map(|side| value(side, levels));
    lesser.is_nan() || greater.is_nan() || lesser < greater || !rule.is_strict && lesser == greater
}

fn value(side: Side, levels: &[Level]) -> f64 {
    side.factor
        * match side.of {
            SideOf::Setting(place) => levels[place].number,
            SideOf::Number(number) => number,
        }
}

/// Moves the settings of a rule until it holds; returns false if it never does.
fn bring_together(rule: &Rule, levels: &mut [Level], settings: &[Parameter]) -> bool {
    let (lesser, greater) = (value(rule.lesser, levels), value(rule.greater, levels));
    let meeting = match (rule.lesser.of, rule.greater.of) {
        (SideOf::Number(number), _) => rule.lesser.factor * number,
        (_, SideOf::Number(number)) => rule.greater.factor * number,
        _ if lesser > 0.0 && greater > 0.0 => libm::sqrt(lesser * greater),
        _ => f64::midpoint(lesser, greater),
    };
    let sides = [(rule.lesser, -STEP), (rule.greater, STEP)];
    for away in 0..=(1.0 / STEP) as u32 {
        for (side, step) in sides {
            if let SideOf::Setting(place) = side.of {
                let values = &settings[place].values;
                let share = values.share_of(meeting / side.factor) + step * f64::from(away);
                levels[place] = values.at(share.clamp(0.0, 1.0));
            }
        }
        if holds(rule, levels) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(values: &str) -> Parameter {
        Parameter { path: values.to_owned(), values: values.parse().expect("values") }
    }

    fn side(factor: f64, of: SideOf) -> Side {
        Side { factor, of }
    }

    #[test]
    fn a_chain_of_timeouts_is_brought_into_order() {
        let settings = ["10ms..2s log", "10ms..2s log", "10ms..2s log"].map(setting);
        let rule = |lesser, greater| Rule {
            lesser: side(1.0, SideOf::Setting(lesser)),
            greater: side(1.0, SideOf::Setting(greater)),
            is_strict: true,
        };
        let longest = Rule {
            lesser: side(2.0, SideOf::Setting(2)),
            greater: side(1.0, SideOf::Number(1.0)),
            is_strict: false,
        };
        let rules = [rule(0, 1), rule(1, 2), longest];
        for shares in [[0.9, 0.5, 0.1], [0.5, 0.5, 0.5], [0.0, 1.0, 1.0], [1.0, 1.0, 0.0]] {
            let at = |(setting, share): (&Parameter, f64)| setting.values.at(share);
            let mut levels: Vec<Level> = settings.iter().zip(shares).map(at).collect();
            repair(&mut levels, &rules, &settings);
            assert!(rules.iter().all(|rule| holds(rule, &levels)), "{shares:?}: {levels:?}");
        }
    }

    #[test]
    fn a_rule_that_no_values_keep_is_tried_once_however_often_it_is_written() {
        let settings = [setting("1..9")];
        let rule = Rule {
            lesser: side(1.0, SideOf::Number(20.0)),
            greater: side(1.0, SideOf::Setting(0)),
            is_strict: false,
        };
        let mut levels = vec![settings[0].values.at(0.5)];
        // Each try takes a hundred steps, and all of them would take minutes.
        repair(&mut levels, &vec![rule; 100_000], &settings);
        assert!(!holds(&rule, &levels));
    }

    #[test]
    fn what_keeps_the_rules_stays() {
        let settings = [setting("1..9"), setting("1..9")];
        let rules = [Rule {
            lesser: side(1.0, SideOf::Setting(0)),
            greater: side(1.0, SideOf::Setting(1)),
            is_strict: false,
        }];
        let mut levels = vec![settings[0].values.at(0.5), settings[1].values.at(0.5)];
        let before = levels.clone();
        repair(&mut levels, &rules, &settings);
        assert_eq!(levels, before);
    }
}
