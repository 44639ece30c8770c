//! Alerts.

use super::Line;

pub(super) fn fires(alert: &str, severity: &str) -> Line {
    Line::worse("alert", alert, format!("fires ({severity})"))
}

pub(super) fn resolved(alert: &str) -> Line {
    Line::better("alert", alert, "resolved")
}
