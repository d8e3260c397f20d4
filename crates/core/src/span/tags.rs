//! Keys of tags by which Jaeger's first model says what OTLP has fields for.

pub(crate) const ERROR: &str = "error";
pub(crate) const EVENT: &str = "event";
pub(crate) const EXPORTER_VERSION: &str = "opencensus.exporterversion";
pub(crate) const HOST_NAME: &str = "host.name";
pub(crate) const HOSTNAME: &str = "hostname";
pub(crate) const HTTP_STATUS_CODE: &str = "http.status_code";
pub(crate) const HTTP_STATUS_MESSAGE: &str = "http.status_message";
pub(crate) const JAEGER_VERSION: &str = "jaeger.version";
pub(crate) const KIND: &str = "span.kind";
pub(crate) const REF_TYPE: &str = "opentracing.ref_type";
pub(crate) const SCOPE_NAME: &str = "otel.scope.name";
pub(crate) const SCOPE_VERSION: &str = "otel.scope.version";
pub(crate) const SERVICE_NAME: &str = "service.name";
pub(crate) const STATUS_CODE: &str = "otel.status_code";
pub(crate) const STATUS_DESCRIPTION: &str = "otel.status_description";
pub(crate) const TRACE_STATE: &str = "w3c.tracestate";
pub(crate) const WARNINGS: &str = "@jaeger@warnings";

/// Stands before a client's version where it is given the name that OpenCensus has for it.
pub(crate) const EXPORTER_VERSION_PREFIX: &str = "Jaeger-";

/// The service that Jaeger names where a resource says nothing at all.
pub(crate) const NO_SERVICE_NAME: &str = "OTLPResourceNoServiceName";
