//! Types of settings that only storage has.

use jaeger_dynamodb_core::edges::{EdgeSource, EdgeSources};
use jaeger_dynamodb_dynamo::{JobMode, StoreConfig};
use jaeger_dynamodb_runtime::config::Value;

/// Where spans are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageKind {
    /// In a data directory of this process.
    Embedded,
    /// In DynamoDB.
    Aws,
}

/// An http or https URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointUrl(String);

/// What the embedded storage survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The end of the process, however it ends.
    Process,
    /// A loss of power too: every write waits for the disk.
    Power,
}

/// Which closed windows this process derives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// All.
    InProcess,
    /// Those that nobody else has derived for a while.
    Takeover,
    /// None.
    Off,
}

/// What edges of the dependency graph are derived from: at least one source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DependencySources(EdgeSources);

/// Read request units of DynamoDB, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadUnits(u32);

// === impl StorageKind ===

impl StorageKind {
    pub(super) fn defaults(self) -> StoreConfig {
        match self {
            Self::Embedded => StoreConfig::embedded(),
            Self::Aws => StoreConfig::aws(),
        }
    }
}

impl Value for StorageKind {
    const NAME: &'static str = "embedded|aws";
    const EXPECTS: &'static str = "embedded or aws";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "embedded" => Some(Self::Embedded),
            "aws" => Some(Self::Aws),
            _ => None,
        }
    }

    fn text(&self) -> Option<String> {
        Some(match self {
            Self::Embedded => "embedded".to_owned(),
            Self::Aws => "aws".to_owned(),
        })
    }
}

// === impl EndpointUrl ===

impl EndpointUrl {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Value for EndpointUrl {
    const NAME: &'static str = "URL";
    const EXPECTS: &'static str = "an http or https URL, such as http://127.0.0.1:8000";

    fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"))?;
        let names_a_host = rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[');
        (names_a_host && !text.contains(char::is_whitespace)).then(|| Self(text.to_owned()))
    }

    fn text(&self) -> Option<String> {
        Some(self.0.clone())
    }
}

// === impl Durability ===

impl Durability {
    pub(crate) fn of_engine(self) -> jaeger_dynamodb_embedded::Durability {
        match self {
            Self::Process => jaeger_dynamodb_embedded::Durability::Normal,
            Self::Power => jaeger_dynamodb_embedded::Durability::Full,
        }
    }
}

impl Value for Durability {
    const NAME: &'static str = "process|power";
    const EXPECTS: &'static str = "process or power, the loss of which costs no span";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "process" => Some(Self::Process),
            "power" => Some(Self::Power),
            _ => None,
        }
    }

    fn text(&self) -> Option<String> {
        let text = match self {
            Self::Process => "process",
            Self::Power => "power",
        };
        Some(text.to_owned())
    }
}

// === impl Job ===

impl Job {
    pub(crate) fn mode(self) -> JobMode {
        match self {
            Self::InProcess => JobMode::InProcess,
            Self::Takeover => JobMode::Takeover,
            Self::Off => JobMode::Off,
        }
    }
}

impl Value for Job {
    const NAME: &'static str = "in-process|takeover|off";
    const EXPECTS: &'static str = "in-process, takeover or off";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "in-process" => Some(Self::InProcess),
            "takeover" => Some(Self::Takeover),
            "off" => Some(Self::Off),
            _ => None,
        }
    }

    fn text(&self) -> Option<String> {
        let text = match self {
            Self::InProcess => "in-process",
            Self::Takeover => "takeover",
            Self::Off => "off",
        };
        Some(text.to_owned())
    }
}

// === impl ReadUnits ===

impl ReadUnits {
    pub(super) const fn of(count: u32) -> Self {
        Self(count)
    }

    pub(super) const fn count(self) -> u32 {
        self.0
    }
}

impl Value for ReadUnits {
    const NAME: &'static str = "UNITS";
    const EXPECTS: &'static str = "a whole number of read request units, at least 1, such as 100000";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().filter(|units| *units > 0).map(Self)
    }

    fn text(&self) -> Option<String> {
        Some(self.0.to_string())
    }
}

// === impl DependencySources ===

impl DependencySources {
    /// The sources that queries ask for.
    #[must_use]
    pub fn sources(self) -> EdgeSources {
        self.0
    }
}

impl Value for DependencySources {
    const NAME: &'static str = "SOURCE,…";
    const EXPECTS: &'static str = "one or more of calls, links and virtual, with commas between them";

    fn parse(text: &str) -> Option<Self> {
        let source = |name: &str| EdgeSource::ALL.into_iter().find(|source| source.as_str() == name.trim());
        text.split(',').map(source).collect::<Option<EdgeSources>>().map(Self)
    }

    fn text(&self) -> Option<String> {
        let chosen = EdgeSource::ALL.into_iter().filter(|source| self.0.contains(*source));
        Some(chosen.map(EdgeSource::as_str).collect::<Vec<_>>().join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_a_list_of_known_names_in_any_order() {
        let parsed = |text| DependencySources::parse(text).and_then(|sources| sources.text());
        assert_eq!(DependencySources::default().text().as_deref(), Some("calls"));
        assert_eq!(parsed("virtual, calls").as_deref(), Some("calls,virtual"));
        assert_eq!(parsed("links,links").as_deref(), Some("links"));
        for wrong in ["", "calls,", "Calls", "jaeger"] {
            assert_eq!(parsed(wrong), None, "{wrong}");
        }
    }
}
