//! What we do otherwise, why, and how often it made a difference.

use std::collections::BTreeMap;
use std::fmt;

/// A difference between Jaeger's translation and ours that is meant. Each is computed exactly, so that nothing else
/// hides behind it, and each must be met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Deviation {
    AttributeOrder,
    WrappedTimes,
    SignedTimes,
    NamelessProcess,
    ServiceNameTag,
    ForeignParent,
    KeptTags,
    VersionWithoutName,
    WarningsBesideTag,
    OverruledParent,
    WarningTexts,
    NegativeZero,
}

/// Counts what was met.
#[derive(Debug, Default)]
pub(crate) struct Tally(BTreeMap<Deviation, usize>);

impl Deviation {
    pub(crate) const ALL: [Self; 12] = [
        Self::AttributeOrder,
        Self::WrappedTimes,
        Self::SignedTimes,
        Self::NamelessProcess,
        Self::ServiceNameTag,
        Self::ForeignParent,
        Self::KeptTags,
        Self::VersionWithoutName,
        Self::WarningsBesideTag,
        Self::OverruledParent,
        Self::WarningTexts,
        Self::NegativeZero,
    ];

    /// What Jaeger does instead, and what we do.
    fn reason(self) -> &'static str {
        match self {
            Self::AttributeOrder => {
                "to OTLP: the last attribute takes the place of one that is taken out; ours keep their order"
            }
            Self::WrappedTimes => {
                "to OTLP: times before 1970 and beyond 64 bits of nanoseconds wrap around; ours are the nearest that \
                 OTLP can say"
            }
            Self::SignedTimes => "to v1: times from 2^63 ns on turn negative; ours are exact",
            Self::NamelessProcess => {
                "to OTLP: the tags of a process named OTLPResourceNoServiceName are lost; ours are kept"
            }
            Self::ServiceNameTag => {
                "to OTLP: a process's tag service.name replaces the name of the process; with us the name stands"
            }
            Self::ForeignParent => {
                "to OTLP: a CHILD_OF reference into another trace is lost if it has the parent's span id; ours is a link"
            }
            Self::KeptTags => {
                "to OTLP: a tag whose value its field in OTLP cannot hold is lost; ours stays an attribute"
            }
            Self::VersionWithoutName => {
                "to OTLP: the scope's version stays an attribute if the scope has no name; ours is the scope's"
            }
            Self::WarningsBesideTag => {
                "to OTLP: warnings beside a tag @jaeger@warnings are a panic; ours are put behind the tag's text"
            }
            Self::OverruledParent => {
                "to v1: a link to the parent may make another link the parent; with us the parent stays"
            }
            Self::WarningTexts => {
                "to v1: warnings that are no text are empty; ours are the text of their value"
            }
            Self::NegativeZero => "to v1: the encoder of messages makes 0 of -0.0; ours keeps it",
        }
    }
}

impl Tally {
    /// Undoes the deviation in our translation, and counts it if that made a difference.
    pub(crate) fn undo<S: Clone + PartialEq>(
        &mut self,
        deviation: Deviation,
        ours: &mut S,
        undo: impl FnOnce(&mut S),
    ) {
        let before = ours.clone();
        undo(ours);
        if *ours != before {
            self.met(deviation);
        }
    }

    pub(crate) fn met(&mut self, deviation: Deviation) {
        *self.0.entry(deviation).or_default() += 1;
    }

    pub(crate) fn count(&self, deviation: Deviation) -> usize {
        self.0.get(&deviation).copied().unwrap_or_default()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "deviations, how often each was met, and what Jaeger does instead:")?;
        for deviation in Deviation::ALL {
            let name = format!("{deviation:?}");
            writeln!(f, "{:>8} {name:<20} {}", self.count(deviation), deviation.reason())?;
        }
        Ok(())
    }
}
