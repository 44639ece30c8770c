//! Designs: ways to choose the points of a sweep.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Parameter;
use crate::language::{Decode, Found, Problems, unreadable};

/// The longest Owen-scrambled Sobol sequence for which there are tables.
pub const MOST_SOBOL_POINTS: u64 = 1 << 16;
/// Most points; a sweep with more is surely a mistake.
const MOST_POINTS: u64 = 1_000_000_000;

/// A way to choose the points of a sweep: `grid`, `sobol 128`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Design {
    /// Every combination of the levels of all parameters.
    Grid,
    /// Points drawn independently.
    Random(u64),
    /// Points that give each parameter as many values as there are points, evenly spread, in random
    /// combination (`McKay`, Beckman and Conover, Technometrics 21, 1979).
    LatinHypercube(u64),
    /// A Sobol sequence with Owen scrambling: points that fill the space evenly.
    Sobol(u64),
    /// Trajectories, this many, on each of which one parameter after the other changes: shows which
    /// parameters matter at all (Morris, Technometrics 33, 1991).
    Morris(u64),
    /// Base points, this many, for variance-based sensitivity indices, each with a companion and
    /// one mixture of both a parameter (Saltelli et al., Computer Physics Communications 181,
    /// 2010).
    Saltelli(u64),
}

const NAMES: [&str; 6] = ["grid", "random", "latin hypercube", "sobol", "morris", "saltelli"];

impl Design {
    /// The number of points.
    pub fn points(self, parameters: &[Parameter]) -> u64 {
        let dimensions = parameters.len() as u64;
        match self {
            Self::Grid => parameters
                .iter()
                .map(|parameter| parameter.values.levels().len() as u64)
                .fold(1, u64::saturating_mul),
            Self::Random(points) | Self::LatinHypercube(points) | Self::Sobol(points) => points,
            Self::Morris(trajectories) => trajectories.saturating_mul(dimensions + 1),
            Self::Saltelli(base) => base.saturating_mul(dimensions + 2),
        }
    }

    /// Checks that the design can be written in a scenario, for one that was read from a record.
    pub(crate) fn check(self) -> Result<(), String> {
        let written = match self {
            Self::Grid => self.name().to_owned(),
            Self::Random(number)
            | Self::LatinHypercube(number)
            | Self::Sobol(number)
            | Self::Morris(number)
            | Self::Saltelli(number) => format!("{} {number}", self.name()),
        };
        written.parse::<Self>().map(|_| ())
    }

    /// The name of the design.
    pub fn name(self) -> &'static str {
        match self {
            Self::Grid => NAMES[0],
            Self::Random(_) => NAMES[1],
            Self::LatinHypercube(_) => NAMES[2],
            Self::Sobol(_) => NAMES[3],
            Self::Morris(_) => NAMES[4],
            Self::Saltelli(_) => NAMES[5],
        }
    }
}

impl FromStr for Design {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text == "grid" {
            return Ok(Self::Grid);
        }
        let help = "; write `grid`, `random 100`, `latin hypercube 100`, `sobol 128`, `morris 10` or `saltelli 64`";
        let (name, number) = text.rsplit_once(' ').unwrap_or((text, ""));
        if NAMES.contains(&text) {
            return Err(format!("`{text}` needs a number of points{help}"));
        }
        let number = number.parse::<u64>().ok().filter(|number| (1..=MOST_POINTS).contains(number));
        let number = number.ok_or_else(|| format!("`{text}` is not a design{help}"))?;
        match name.trim() {
            "random" => Ok(Self::Random(number)),
            "latin hypercube" => Ok(Self::LatinHypercube(number)),
            "sobol" | "saltelli" if number > MOST_SOBOL_POINTS => {
                Err(format!("a Sobol sequence has at most {MOST_SOBOL_POINTS} points"))
            }
            "sobol" => Ok(Self::Sobol(number)),
            "morris" if number < 2 => {
                Err("one trajectory does not show how effects vary; write `morris 10`".to_owned())
            }
            "morris" => Ok(Self::Morris(number)),
            "saltelli" if number < 8 => Err(
                "fewer than 8 base points are too few for sensitivity indices; write `saltelli 64`"
                    .to_owned(),
            ),
            "saltelli" => Ok(Self::Saltelli(number)),
            _ => Err(format!("`{text}` is not a design{help}")),
        }
    }
}

impl Decode for Design {
    fn decode(found: Found<'_>, problems: &mut Problems) -> Option<Self> {
        match String::decode(found, problems)?.parse() {
            Ok(design) => Some(design),
            Err(message) => {
                let message: String = message;
                problems.add(unreadable(&message, found));
                None
            }
        }
    }
}

/// The texts that stand for a design in a scenario, or as a record of it is serialized.
impl JsonSchema for Design {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Design".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        if generator.contract().is_serialize() {
            return schemars::json_schema!({
                "description": "The way to choose points: `grid`, or another one with its number.",
                "oneOf": [
                    { "const": "grid" },
                    { "type": "object", "additionalProperties": { "type": "integer", "minimum": 1 } }
                ]
            });
        }
        schemars::json_schema!({
            "type": "string",
            "description": "the way to choose points",
            "pattern": "^(grid|(random|latin hypercube|sobol|morris|saltelli) [0-9]+)$",
            "examples": ["grid", "random 100", "latin hypercube 100", "sobol 128", "morris 10", "saltelli 64"]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn designs_are_read_and_those_that_say_nothing_refused() {
        assert_eq!("grid".parse(), Ok(Design::Grid));
        assert_eq!("latin hypercube 50".parse(), Ok(Design::LatinHypercube(50)));
        assert!("sobol".parse::<Design>().is_err_and(|message| message.contains("needs a number")));
        assert!("sobol 100000".parse::<Design>().is_err());
        assert!("gird".parse::<Design>().is_err_and(|message| message.contains("is not a design")));
    }
}
