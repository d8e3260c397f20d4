use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// A type that a setting can have: one text form for file, environment and command line.
pub trait Value: Sized {
    /// Stands for the value in `--help`.
    const NAME: &'static str;
    /// Completes the sentence "expects …" when a value is refused.
    const EXPECTS: &'static str;
    /// Whether the bare flag means `true`.
    const SWITCH: bool = false;

    /// Reads the text form.
    fn parse(text: &str) -> Option<Self>;

    /// Writes the text form, or nothing for a setting that is not set.
    fn text(&self) -> Option<String>;
}

/// A number of bytes, written `64MiB`, `512KiB` or `1000`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(u64);

const SIZE_UNITS: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

/// A thousand years: whoever adds two durations need not think of overflow.
const LONGEST: Duration = Duration::from_secs(1000 * 365 * 24 * 3600);

// === impl Size ===

impl Size {
    /// A size in MiB.
    #[must_use]
    pub const fn mib(count: u32) -> Self {
        Self((count as u64) << 20)
    }

    /// A size in bytes.
    #[must_use]
    pub const fn bytes(count: u64) -> Self {
        Self(count)
    }

    /// The number of bytes, as far as this machine can address them.
    #[must_use]
    pub fn to_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl Value for Size {
    const NAME: &'static str = "SIZE";
    const EXPECTS: &'static str = "a whole number of bytes, such as 64MiB, 512KiB or 100000";

    fn parse(text: &str) -> Option<Self> {
        let (digits, unit) = SIZE_UNITS
            .iter()
            .find_map(|(name, unit)| Some((text.strip_suffix(name)?.trim_end(), *unit)))
            .unwrap_or((text, 1));
        digits.parse::<u64>().ok()?.checked_mul(unit).map(Self)
    }

    fn text(&self) -> Option<String> {
        let whole = SIZE_UNITS.iter().find(|(_, unit)| self.0 != 0 && self.0.is_multiple_of(*unit));
        Some(match whole {
            Some((name, unit)) => format!("{}{name}", self.0 / unit),
            None => self.0.to_string(),
        })
    }
}

// === impl Value ===

impl<T: Value> Value for Option<T> {
    const NAME: &'static str = T::NAME;
    const EXPECTS: &'static str = T::EXPECTS;

    fn parse(text: &str) -> Option<Self> {
        T::parse(text).map(Some)
    }

    fn text(&self) -> Option<String> {
        self.as_ref().and_then(T::text)
    }
}

impl Value for String {
    const NAME: &'static str = "TEXT";
    const EXPECTS: &'static str = "text";

    fn parse(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }

    fn text(&self) -> Option<String> {
        Some(self.clone())
    }
}

impl Value for PathBuf {
    const NAME: &'static str = "PATH";
    const EXPECTS: &'static str = "a path";

    fn parse(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| text.into())
    }

    fn text(&self) -> Option<String> {
        Some(self.display().to_string())
    }
}

impl Value for bool {
    const NAME: &'static str = "true|false";
    const EXPECTS: &'static str = "true or false";
    const SWITCH: bool = true;

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn text(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl Value for u64 {
    const NAME: &'static str = "NUMBER";
    const EXPECTS: &'static str = "a whole number";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn text(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl Value for usize {
    const NAME: &'static str = "COUNT";
    const EXPECTS: &'static str = "a whole number, at least 1, such as 64";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().filter(|count| *count > 0)
    }

    fn text(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl Value for Duration {
    const NAME: &'static str = "DURATION";
    const EXPECTS: &'static str = "a duration with its unit, such as 30s, 5m or 7d";

    fn parse(text: &str) -> Option<Self> {
        humantime::parse_duration(text).ok().filter(|duration| *duration <= LONGEST)
    }

    fn text(&self) -> Option<String> {
        Some(humantime::format_duration(*self).to_string())
    }
}

impl Value for SocketAddr {
    const NAME: &'static str = "IP:PORT";
    const EXPECTS: &'static str = "an IP address and a port, such as 127.0.0.1:17271 or 0.0.0.0:17271";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn text(&self) -> Option<String> {
        Some(self.to_string())
    }
}
