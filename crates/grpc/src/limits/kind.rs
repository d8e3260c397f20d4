//! What an RPC is limited by.

/// RPCs by what they may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Spans in one message.
    Write,
    /// Spans in messages without end.
    WriteStream,
    /// Reads the store.
    Query,
    /// Costs nothing: health, reflection, capabilities, and what does not exist.
    Exempt,
}

// === impl Kind ===

impl Kind {
    pub(crate) fn of(path: &str) -> Self {
        let Some((service, method)) = path.trim_start_matches('/').split_once('/') else {
            return Self::Exempt;
        };
        match (service, method) {
            ("opentelemetry.proto.collector.trace.v1.TraceService", "Export")
            | ("jaeger.storage.v1.SpanWriterPlugin", "WriteSpan")
            | ("jaeger.storage.v1.ArchiveSpanWriterPlugin", "WriteArchiveSpan") => Self::Write,
            ("jaeger.storage.v1.StreamingSpanWriterPlugin", _) => Self::WriteStream,
            (
                "jaeger.storage.v2.TraceReader"
                | "jaeger.storage.v2.DependencyReader"
                | "jaeger.storage.v1.SpanReaderPlugin"
                | "jaeger.storage.v1.ArchiveSpanReaderPlugin"
                | "jaeger.storage.v1.DependenciesReaderPlugin",
                _,
            ) => Self::Query,
            _ => Self::Exempt,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::METHODS;

    #[test]
    fn every_method_is_limited_but_three() {
        let exempt = METHODS.into_iter().filter(|method| Kind::of(&format!("/{method}")) == Kind::Exempt);
        assert_eq!(
            exempt.collect::<Vec<_>>(),
            [
                "jaeger.storage.v1.SpanWriterPlugin/Close",
                "jaeger.storage.v1.PluginCapabilities/Capabilities",
                "jaeger.storage.v2.Capabilities/GetCapabilities",
            ]
        );
        assert_eq!(Kind::of("/grpc.health.v1.Health/Check"), Kind::Exempt);
        assert_eq!(Kind::of(""), Kind::Exempt);
    }
}
