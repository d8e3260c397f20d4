//! Settings of our server under which the ring is held.

/// How our server is started, and what is compared then.
#[derive(Debug)]
pub(crate) struct SetUp {
    pub(crate) name: &'static str,
    pub(crate) flags: &'static [&'static str],
    pub(crate) derivation: Derivation,
    /// Unless `CASES` says otherwise.
    pub(crate) usual_cases: u64,
    /// Cases at a time, each with two servers of its own: those that wait cost nothing meanwhile.
    pub(crate) at_a_time: usize,
}

/// When windows are derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Derivation {
    /// While spans are written and asked for, or later.
    AsItComes,
    /// After everything is written and before anything is asked, so that nothing is read from a log.
    BeforeReading,
    Never,
}

/// In which windows are derived at the usual times.
pub(crate) const USUAL: SetUp =
    SetUp { name: "usual", flags: &[], derivation: Derivation::AsItComes, usual_cases: 400, at_a_time: 1 };

/// In which queries never read a log.
pub(crate) const DERIVED: SetUp = SetUp {
    name: "derived",
    flags: &["--window=1s", "--window-grace=1s"],
    derivation: Derivation::BeforeReading,
    usual_cases: 300,
    at_a_time: 16,
};

/// In which queries read nothing but logs, of many windows.
pub(crate) const NEVER_DERIVED: SetUp = SetUp {
    name: "never_derived",
    flags: &["--window=1s", "--window-grace=1s", "--job=off"],
    derivation: Derivation::Never,
    usual_cases: 50,
    at_a_time: 4,
};
