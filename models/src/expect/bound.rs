//! Bounds on figures.

/// A bound that a figure is held to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    /// The side of the value on which the figure must lie.
    pub relation: Relation,
    /// The value, in the unit of the figure.
    pub value: f64,
}

/// The side of a value on which a figure must lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// ≥
    AtLeast,
    /// ≤
    AtMost,
    /// >
    Above,
    /// <
    Below,
    /// =
    Exactly,
}

impl Bound {
    /// True if a figure lies within the bound.
    pub fn holds(self, figure: f64) -> bool {
        match self.relation {
            Relation::AtLeast => figure >= self.value,
            Relation::AtMost => figure <= self.value,
            Relation::Above => figure > self.value,
            Relation::Below => figure < self.value,
            Relation::Exactly => figure == self.value,
        }
    }

    /// True if `figure` is further on the wrong side of the bound than `other`, or less far on the
    /// right one.
    pub fn is_worse(self, figure: f64, other: f64) -> bool {
        match self.relation {
            Relation::AtLeast | Relation::Above => figure < other,
            Relation::AtMost | Relation::Below => figure > other,
            Relation::Exactly => (figure - self.value).abs() > (other - self.value).abs(),
        }
    }
}
