//! Logs as a go-plugin host reads them: one JSON object per line of stderr, with the keys of
//! [hclog](https://github.com/hashicorp/go-hclog).
//!
//! The host logs each line again at its own level (`client.go`, `logStderr`; `log_entry.go`). Lines that it cannot read
//! become debug lines, which most hosts do not show; a line whose keys have other types than it expects makes the host
//! panic.
//!
//! ```
//! use jaeger_dynamodb_go_plugin::hclog::HclogLayer;
//! use tracing_subscriber::filter::LevelFilter;
//! use tracing_subscriber::prelude::*;
//!
//! let logs = tracing_subscriber::registry().with(LevelFilter::DEBUG).with(HclogLayer::stderr());
//! tracing::subscriber::with_default(logs, || tracing::info!(rows = 3, "table read"));
//! ```

use std::fmt;
use std::io::{self, Write as _};

use tracing::{Event, Subscriber, span};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use fields::Fields;
use line::Line;

mod fields;
mod line;
mod report;

pub use report::{report, report_panics};

/// Writes events with their fields, and those of the spans they are in, as lines for the host.
pub struct HclogLayer<W = fn() -> io::Stderr> {
    make_writer: W,
}

// === impl HclogLayer ===

impl HclogLayer {
    /// Writes to stderr, where the host reads.
    #[must_use]
    pub fn stderr() -> Self {
        Self { make_writer: io::stderr }
    }
}

impl<W> HclogLayer<W> {
    /// Writes elsewhere.
    #[must_use]
    pub fn with_writer<V: for<'a> MakeWriter<'a>>(self, make_writer: V) -> HclogLayer<V> {
        HclogLayer { make_writer }
    }
}

impl<W> fmt::Debug for HclogLayer<W> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("HclogLayer").finish_non_exhaustive()
    }
}

impl<S, W> Layer<S> for HclogLayer<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().replace(fields);
        }
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, context: Context<'_, S>) {
        // Before the lock, since a value that logs as it is formatted would wait for it.
        let mut later = Fields::default();
        values.record(&mut later);
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            fields.inherit(&later);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(outer) = span.extensions().get::<Fields>() {
                fields.inherit(outer);
            }
        }
        event.record(&mut fields);
        let line = Line::new(event.metadata(), fields).encode();
        // A log that cannot be written must not end what is logged about.
        let _ = self.make_writer.make_writer_for(event.metadata()).write_all(&line);
    }
}

#[cfg(test)]
mod tests;
