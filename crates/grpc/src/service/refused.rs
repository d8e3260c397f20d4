//! Spans that were refused.

use std::collections::BTreeMap;
use std::fmt;

use jaeger_dynamodb_proto::convert::InvalidSpan;
use tonic::Status;

/// How many spans were refused, by reason.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Refused(BTreeMap<InvalidSpan, usize>);

impl Refused {
    pub(crate) fn add(&mut self, reason: InvalidSpan) {
        *self.0.entry(reason).or_default() += 1;
    }

    pub(crate) fn merge(&mut self, other: Self) {
        for (reason, count) in other.0 {
            *self.0.entry(reason).or_default() += count;
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.0.values().sum()
    }

    /// An error if there are any.
    pub(crate) fn none(&self) -> Result<(), Status> {
        if self.0.is_empty() { Ok(()) } else { Err(Status::invalid_argument(self.to_string())) }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts: Vec<_> = self.0.iter().map(|(reason, count)| format!("{count} with {reason}")).collect();
        write!(f, "spans rejected: {}", counts.join(", "))
    }
}
