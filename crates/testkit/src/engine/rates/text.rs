//! Times as people write them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// By how many seconds a date is moved; `-3m` as text moves it back by three minutes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DateShift(pub i64);

// === impl DateShift ===

impl FromStr for DateShift {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused = || format!("{text:?} is no shift in whole seconds, such as 3m or -90s");
        let distance =
            humantime::parse_duration(text.strip_prefix('-').unwrap_or(text)).map_err(|_| refused())?;
        let seconds = i64::try_from(distance.as_secs()).ok().filter(|_| distance.subsec_nanos() == 0);
        let seconds = seconds.ok_or_else(refused)?;
        Ok(Self(if text.starts_with('-') { -seconds } else { seconds }))
    }
}

impl fmt::Display for DateShift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let distance = Duration::from_secs(self.0.unsigned_abs());
        write!(f, "{sign}{}", humantime::format_duration(distance))
    }
}

impl Serialize for DateShift {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DateShift {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

pub(super) mod duration {
    use super::*;

    pub(in super::super) fn serialize<S: Serializer>(
        duration: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&humantime::format_duration(*duration))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        humantime::parse_duration(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}
