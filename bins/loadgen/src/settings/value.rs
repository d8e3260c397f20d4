use std::num::{NonZeroU32, NonZeroUsize};

use jaeger_dynamodb_loadgen::Workload;
use jaeger_dynamodb_runtime::config::Value;
use tonic::transport::Uri;

/// Where the server is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EndpointUrl(String);

/// Which of the workloads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Demo,
    ThreeSpan,
    Batch,
    ManyServices,
}

/// A number of things of which none would be nonsense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Count(NonZeroU32);

const KINDS: [(&str, Kind); 4] = [
    ("demo", Kind::Demo),
    ("three-span", Kind::ThreeSpan),
    ("batch", Kind::Batch),
    ("many-services", Kind::ManyServices),
];

// === impl EndpointUrl ===

impl EndpointUrl {
    /// Where the server of this project listens by default.
    pub(crate) fn local() -> Self {
        Self("http://127.0.0.1:17271".to_owned())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Value for EndpointUrl {
    const NAME: &'static str = "URL";
    const EXPECTS: &'static str = "an http URL of a host and a port, such as http://127.0.0.1:4317";

    fn parse(text: &str) -> Option<Self> {
        let url: Uri = text.parse().ok()?;
        let has_path = url.path() != "/" || url.query().is_some();
        let is_ours = url.scheme_str() == Some("http") && url.port().is_some() && !has_path;
        is_ours.then(|| Self(text.to_owned()))
    }

    fn text(&self) -> Option<String> {
        Some(self.0.clone())
    }
}

// === impl Kind ===

impl Kind {
    pub(crate) fn workload(self, seed: u64) -> Workload {
        match self {
            Self::Demo => Workload::demo(seed),
            Self::ThreeSpan => Workload::three_span_traces(seed),
            Self::Batch => Workload::batch(seed),
            Self::ManyServices => Workload::many_services(seed),
        }
    }
}

impl Value for Kind {
    const NAME: &'static str = "demo|three-span|batch|many-services";
    const EXPECTS: &'static str = "demo, three-span, batch or many-services";

    fn parse(text: &str) -> Option<Self> {
        KINDS.iter().find(|(name, _)| *name == text).map(|(_, kind)| *kind)
    }

    fn text(&self) -> Option<String> {
        KINDS.iter().find(|(_, kind)| kind == self).map(|(name, _)| (*name).to_owned())
    }
}

// === impl Count ===

impl Count {
    /// At least 1.
    pub(crate) const fn of(count: u32) -> Self {
        match NonZeroU32::new(count) {
            Some(count) => Self(count),
            None => Self(NonZeroU32::MIN),
        }
    }

    pub(crate) fn get(self) -> u32 {
        self.0.get()
    }

    /// As far as this machine can count.
    pub(crate) fn to_usize(self) -> NonZeroUsize {
        self.0.try_into().unwrap_or(NonZeroUsize::MAX)
    }
}

impl Value for Count {
    const NAME: &'static str = "NUMBER";
    const EXPECTS: &'static str = "a whole number, at least 1";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    fn text(&self) -> Option<String> {
        Some(self.0.to_string())
    }
}
