//! Remarks on settings that one side has and the other cannot express.

use std::fmt;

use super::guarded_call::GuardedCall;

/// A setting that has no equivalent on the other side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The key of the configuration, or the call of the scenario.
    pub about: String,
    /// The value that is lost, or what to do instead.
    pub text: String,
}

impl Remark {
    pub(super) fn new(about: impl Into<String>, text: impl Into<String>) -> Self {
        Self { about: about.into(), text: text.into() }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.about, self.text)
    }
}

/// The remarks of an export, while one call is being written.
pub(super) struct CallRemarks<'a> {
    call: &'a GuardedCall,
    remarks: &'a mut Vec<Remark>,
}

impl<'a> CallRemarks<'a> {
    pub fn new(call: &'a GuardedCall, remarks: &'a mut Vec<Remark>) -> Self {
        Self { call, remarks }
    }

    /// Adds a remark about the call.
    pub fn add(&mut self, text: impl Into<String>) {
        let GuardedCall { caller, callee, .. } = self.call;
        self.remarks.push(Remark::new(format!("{caller} -> {callee}"), text));
    }

    /// Adds a remark about the call if the condition holds.
    pub fn add_if(&mut self, condition: bool, text: &str) {
        if condition {
            self.add(text);
        }
    }
}
