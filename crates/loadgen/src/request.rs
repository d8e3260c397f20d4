//! Spans as the request that carries them.

use std::collections::HashMap;

use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
use jaeger_dynamodb_proto::opentelemetry::proto::common::v1::InstrumentationScope;
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::{ResourceSpans, ScopeSpans};

use crate::model::Scope;
use crate::pod::Pod;
use crate::recording::Recorded;

/// The spans of a pod share its resource, those of a scope within it their scope.
pub(crate) fn request(spans: Vec<Recorded>, pods: &[Pod]) -> ExportTraceServiceRequest {
    let mut resource_spans: Vec<ResourceSpans> = Vec::new();
    let mut positions: HashMap<usize, usize> = HashMap::new();
    for recorded in spans {
        let Some(pod) = pods.get(recorded.pod) else { continue };
        let position = *positions.entry(recorded.pod).or_insert_with(|| {
            let resource = Some(pod.resource.clone());
            let schema_url = pod.schema_url().to_owned();
            resource_spans.push(ResourceSpans { resource, scope_spans: Vec::new(), schema_url });
            resource_spans.len() - 1
        });
        let Some(of_pod) = resource_spans.get_mut(position) else { continue };
        let is_same = |of_scope: &&mut ScopeSpans| {
            of_scope.scope.as_ref().is_some_and(|scope| recorded.scope.is(scope))
        };
        match of_pod.scope_spans.iter_mut().find(is_same) {
            Some(of_scope) => of_scope.spans.push(recorded.span),
            None => of_pod.scope_spans.push(ScopeSpans {
                scope: Some(recorded.scope.message()),
                spans: vec![recorded.span],
                schema_url: String::new(),
            }),
        }
    }
    ExportTraceServiceRequest { resource_spans }
}

// === impl Scope ===

impl Scope {
    fn is(&self, scope: &InstrumentationScope) -> bool {
        self.name == scope.name && self.version == scope.version
    }

    fn message(&self) -> InstrumentationScope {
        InstrumentationScope {
            name: self.name.to_owned(),
            version: self.version.to_owned(),
            ..Default::default()
        }
    }
}
