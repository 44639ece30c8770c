//! The influence of each setting on each figure.

use sim_experiments::sweep::analysis::Findings;

use super::drawings::MOST_PANELS;
use crate::plot::{Canvas, DrawError, Drawing, Drawn, colour, font};
use crate::sweep::Header;
use crate::sweep::ranking::largest_first;

const WIDTH: u32 = 1_000;
const ROW: u32 = 24;
/// Room for the title, and for the name of each figure.
const TITLE: u32 = 36;
/// The left end of the bars, and the room they leave on the right.
const LEFT: i32 = 420;
const RIGHT: i32 = 90;

/// A bar for each figure and setting.
pub(super) struct Sensitivity<'a> {
    header: &'a Header,
    /// The meaning of a bar.
    measure: &'static str,
    /// Places of figures, and for each the shares of all settings.
    shares: Vec<(usize, Vec<f64>)>,
}

/// The share of each setting in a figure; `None` if nothing is known of it.
type Shares = fn(&Findings, usize) -> Option<Vec<f64>>;

impl<'a> Sensitivity<'a> {
    /// The best measure that the sweep was made for; `None` if only one setting varies or nothing
    /// is known of any figure.
    pub fn new(header: &'a Header, findings: &Findings) -> Option<Self> {
        let (measure, share): (_, Shares) = if findings.indices.is_some() {
            ("total sensitivity index (share of the variance, interactions included)", indices)
        } else if findings.screening.is_some() {
            ("size of the elementary effects, the largest of each figure being 1", effects)
        } else {
            ("share of the variance that each setting explains by itself", Findings::explained)
        };
        let figures = 0..header.plan.figures.len().min(MOST_PANELS);
        let shares: Vec<_> =
            figures.filter_map(|place| Some((place, share(findings, place)?))).collect();
        let is_shown = !shares.is_empty() && header.plan.parameters.len() > 1;
        is_shown.then_some(Self { header, measure, shares })
    }
}

fn indices(findings: &Findings, place: usize) -> Option<Vec<f64>> {
    let indices = findings.indices.as_ref()?.of(place)?;
    Some(indices.iter().map(|index| index.total).collect())
}

fn effects(findings: &Findings, place: usize) -> Option<Vec<f64>> {
    let screened = findings.screening.as_ref()?.of(place);
    let sizes: Vec<f64> = screened.iter().map(|screened| screened.size.mean).collect();
    let most = sizes.iter().copied().fold(0.0, f64::max);
    (most > 0.0).then(|| sizes.iter().map(|size| size / most).collect())
}

impl Drawing for Sensitivity<'_> {
    fn name(&self) -> &'static str {
        "sensitivity"
    }

    fn size(&self) -> (u32, u32) {
        let figure = TITLE + self.header.plan.parameters.len() as u32 * ROW;
        (WIDTH, TITLE + self.shares.len() as u32 * figure)
    }

    fn draw(&self, canvas: &dyn Canvas) -> Result<(), DrawError> {
        let title = format!("{}: {}", self.header.scenario, self.measure);
        canvas.write(&title, (16, 10), font::TITLE)?;
        let mut y = TITLE as i32;
        for (place, shares) in &self.shares {
            canvas.write(&self.header.plan.figures[*place].text, (16, y + 8), font::LABEL)?;
            y += TITLE as i32;
            for parameter in largest_first(shares) {
                self.draw_bar(canvas, parameter, shares[parameter], y)?;
                y += ROW as i32;
            }
        }
        Ok(())
    }
}

impl Sensitivity<'_> {
    fn draw_bar(&self, canvas: &dyn Canvas, parameter: usize, share: f64, y: i32) -> Drawn {
        let share = share.clamp(0.0, 1.0);
        canvas.write(&self.header.plan.parameters[parameter].path, (36, y), font::LABEL)?;
        let right = LEFT + (share * f64::from(WIDTH as i32 - LEFT - RIGHT)) as i32;
        let bar = [(LEFT, y), (right.max(LEFT + 1), y + ROW as i32 - 8)];
        canvas.rectangle(bar, colour::MEDIAN)?;
        canvas.write(&format!("{share:.2}"), (right + 8, y), font::LABEL)
    }
}
