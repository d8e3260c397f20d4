use jaeger_dynamodb_runtime::config::Value;
use jaeger_dynamodb_testkit::DateShift;

/// 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Percent(u8);

/// Whole seconds, either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shift(DateShift);

// === impl Percent ===

impl Percent {
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const ALL: Self = Self(100);

    pub(crate) fn get(self) -> u8 {
        self.0
    }
}

impl Value for Percent {
    const NAME: &'static str = "PERCENT";
    const EXPECTS: &'static str = "a whole number from 0 to 100";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().filter(|percent| *percent <= 100).map(Self)
    }

    fn text(&self) -> Option<String> {
        Some(self.0.to_string())
    }
}

// === impl Shift ===

impl Shift {
    pub(crate) const NONE: Self = Self(DateShift(0));

    pub(crate) fn get(self) -> DateShift {
        self.0
    }
}

impl Value for Shift {
    const NAME: &'static str = "SHIFT";
    const EXPECTS: &'static str = "a shift in whole seconds, such as 3m or -90s";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    fn text(&self) -> Option<String> {
        Some(self.0.to_string())
    }
}
