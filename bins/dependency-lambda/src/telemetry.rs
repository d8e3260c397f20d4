//! Traces of the function itself, over OTLP, where the environment names a collector.
//!
//! Spans are kept until the end of an invocation and sent before it answers: afterwards the process is frozen, and a
//! background task would send them hours later or never.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{
    Link, Span as _, SpanContext, SpanKind, TraceContextExt, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithHttpConfig};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::resource::Resource;
use opentelemetry_sdk::trace::{
    Sampler, SdkTracer, SdkTracerProvider, Span, SpanData, SpanExporter as _, SpanProcessor,
};

/// How long the collector may take. It is beside the function nearly always.
const SEND_WITHIN: Duration = Duration::from_secs(2);

/// Traces of the function.
#[derive(Debug)]
pub struct Telemetry {
    tracer: SdkTracer,
    finished: Finished,
    exporter: Option<SpanExporter>,
}

/// Spans that have ended.
#[derive(Debug, Clone, Default)]
struct Finished(Arc<Mutex<Vec<SpanData>>>);

// === impl Telemetry ===

impl Telemetry {
    /// Records nothing.
    #[must_use]
    pub fn off() -> Self {
        Self::new(None, Resource::builder_empty().build(), Sampler::AlwaysOff)
    }

    /// Sends spans where `OTEL_EXPORTER_OTLP_ENDPOINT` says, for a function of this name and these properties.
    /// `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES` and the exporter's other variables hold as OpenTelemetry
    /// specifies.
    ///
    /// # Errors
    /// When the variables say what cannot be.
    pub fn to_collector(service_name: &str, function: Vec<KeyValue>) -> Result<Self, ExporterBuildError> {
        let client = client().map_err(|error| ExporterBuildError::InternalFailure(error.to_string()))?;
        let mut exporter = SpanExporter::builder().with_http().with_http_client(client).build()?;
        let named = Resource::builder().build();
        let unnamed = KeyValue::new("service.name", service_name.to_owned());
        let own = Resource::builder_empty().with_attribute(unnamed).with_attributes(function);
        // What the environment says wins, but for the name that the SDK makes up.
        let given = named.iter().filter(|(key, value)| {
            key.as_str() != "service.name" || !value.as_str().starts_with("unknown_service")
        });
        let resource = own
            .with_attributes(
                given.map(|(key, value)| KeyValue::new(key.clone(), value.clone())).collect::<Vec<_>>(),
            )
            .build();
        exporter.set_resource(&resource);
        Ok(Self::new(Some(exporter), resource, Sampler::AlwaysOn))
    }

    fn new(exporter: Option<SpanExporter>, resource: Resource, sampler: Sampler) -> Self {
        let finished = Finished::default();
        let provider = SdkTracerProvider::builder()
            .with_span_processor(finished.clone())
            .with_sampler(sampler)
            .with_resource(resource)
            .build();
        Self { tracer: provider.tracer(env!("CARGO_PKG_NAME")), finished, exporter }
    }

    /// Begins the span of an invocation.
    #[must_use]
    pub fn invocation(&self, name: &str, kind: SpanKind, attributes: Vec<KeyValue>) -> Span {
        let builder = self.tracer.span_builder(name.to_owned());
        builder.with_kind(kind).with_attributes(attributes).start_with_context(&self.tracer, &Context::new())
    }

    /// Begins the span of a window within an invocation, linked with what sealed the window.
    #[must_use]
    pub fn window(&self, invocation: &Span, sealed_by: Option<&str>, attributes: Vec<KeyValue>) -> Span {
        let parent = Context::new().with_remote_span_context(invocation.span_context().clone());
        let links = sealed_by.and_then(span_context).map(Link::with_context);
        let builder = self.tracer.span_builder("derive window").with_kind(SpanKind::Internal);
        builder
            .with_links(links.into_iter().collect())
            .with_attributes(attributes)
            .start_with_context(&self.tracer, &parent)
    }

    /// Sends what has ended. A collector that does not take it costs these spans and some time, never the invocation.
    pub async fn flush(&self) {
        let spans = mem::take(&mut *self.finished.spans());
        let Some(exporter) = self.exporter.as_ref().filter(|_| !spans.is_empty()) else { return };
        match tokio::time::timeout(SEND_WITHIN, exporter.export(spans)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(error = %error, "spans cannot be sent"),
            Err(_elapsed) => tracing::warn!("spans cannot be sent in time"),
        }
    }
}

// === impl Finished ===

impl Finished {
    fn spans(&self) -> MutexGuard<'_, Vec<SpanData>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SpanProcessor for Finished {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        self.spans().push(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// Reads a `traceparent` (<https://www.w3.org/TR/trace-context/#traceparent-header>).
fn span_context(traceparent: &str) -> Option<SpanContext> {
    let carrier = std::collections::HashMap::from([("traceparent".to_owned(), traceparent.to_owned())]);
    let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &carrier);
    let found = context.span().span_context().clone();
    found.is_valid().then_some(found)
}

/// Plain and encrypted, with the roots of the machine.
fn client() -> std::io::Result<opentelemetry_http::hyper::HyperClient<HttpsConnector>> {
    let connector = hyper_rustls::HttpsConnectorBuilder::new()
        .with_provider_and_native_roots(rustls::crypto::ring::default_provider())?
        .https_or_http()
        .enable_http1()
        .build();
    Ok(opentelemetry_http::hyper::HyperClient::new(connector, SEND_WITHIN, None))
}

type HttpsConnector = hyper_rustls::HttpsConnector<hyper_util::client::legacy::connect::HttpConnector>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_a_child_of_its_invocation_and_linked_with_its_seal() {
        let telemetry = Telemetry::new(None, Resource::builder_empty().build(), Sampler::AlwaysOn);
        let seal = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let invocation = telemetry.invocation("f", SpanKind::Server, vec![]);
        telemetry.window(&invocation, Some(seal), vec![]).end();
        telemetry.window(&invocation, Some("00-nonsense"), vec![]).end();
        drop(invocation);
        let spans = telemetry.finished.spans();
        let [linked, unlinked, parent] = spans.as_slice() else { panic!("{spans:?}") };
        assert_eq!(linked.parent_span_id, parent.span_context.span_id());
        assert_eq!(linked.links.first().unwrap().span_context, span_context(seal).unwrap());
        assert!(unlinked.links.is_empty());
    }

    #[tokio::test]
    async fn nothing_is_recorded_where_no_collector_is_named() {
        let telemetry = Telemetry::off();
        telemetry.invocation("f", SpanKind::Server, vec![]).end();
        assert!(telemetry.finished.spans().is_empty());
        telemetry.flush().await;
    }
}
