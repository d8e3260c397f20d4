//! What an archived span is addressed by.

use jaeger_dynamodb_core::{Span, otlp};
use jaeger_dynamodb_proto::jaeger::api_v2;
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1 as trace;
use prost::Message;
use sha2::{Digest as _, Sha256};

use crate::keys::Digest;
use crate::pack::{FORM_OTLP, FORM_V1};
use crate::size::MAX_CONTENT_BYTES;

impl Digest {
    /// Of all that the span says: its own message with resource and scope, or process. Neither compression nor what
    /// it is written beside has a part in it.
    pub(super) fn of_span(span: &Span) -> Self {
        match span {
            Span::Otlp(span) => Self::of(&[&[FORM_OTLP], &alone(span).encode_to_vec()]),
            Span::V1(span) => Self::of(&[&[FORM_V1], &api_v2::Span::from(span).encode_to_vec()]),
        }
    }

    /// Of the bytes that are cut into parts, and of how they are cut.
    pub(super) fn of_parts(content: &[u8]) -> Self {
        Self::of(&[&(MAX_CONTENT_BYTES as u64).to_be_bytes(), content])
    }

    fn of(contents: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        contents.iter().for_each(|content| hash.update(content));
        let mut half = [0; 16];
        for (byte, hashed) in half.iter_mut().zip(hash.finalize()) {
            *byte = hashed;
        }
        Self(half)
    }
}

/// The message that carries the span and nothing else.
fn alone(span: &otlp::Span) -> trace::ResourceSpans {
    let scope_spans = trace::ScopeSpans {
        scope: Some(span.scope.as_ref().into()),
        spans: vec![span.into()],
        schema_url: span.scope.schema_url.clone(),
    };
    trace::ResourceSpans {
        resource: Some(span.resource.as_ref().into()),
        scope_spans: vec![scope_spans],
        schema_url: span.resource.schema_url.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};
    use std::sync::Arc;

    use jaeger_dynamodb_core::v1;
    use jaeger_dynamodb_testkit::fixtures::{full_otlp_span, full_v1_span, otlp_span, v1_span};
    use jaeger_dynamodb_testkit::strategies;
    use proptest::prelude::*;

    use super::*;

    fn hex(span: &Span) -> String {
        Digest::of_span(span).0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Digests are keys of items that are kept for years: one that changes makes every span be archived twice.
    #[test]
    fn digests_stay_the_same_in_every_version() {
        let spans = [
            Span::Otlp(otlp_span(1, 2, "shop")),
            Span::Otlp(full_otlp_span(1, 2, "shop")),
            Span::V1(v1_span(1, 2, "shop")),
            Span::V1(full_v1_span(1, 2, "shop")),
        ];
        let expected = [
            "02f22d19fea8edad783e3a32d6ea9d49",
            "42b964ab7d4b74bbda48566506ac2035",
            "245d05d862aab9054046738f6c772626",
            "c1e998585d627460ef5d766955204ccd",
        ];
        assert_eq!(spans.each_ref().map(hex), expected);
    }

    #[test]
    fn whatever_a_span_stands_beside_is_no_part_of_its_digest() {
        let span = full_otlp_span(1, 2, "shop");
        let unshared = otlp::Span {
            resource: Arc::new(otlp::Resource::clone(&span.resource)),
            scope: Arc::new(otlp::Scope::clone(&span.scope)),
            ..span.clone()
        };
        assert_eq!(hex(&Span::Otlp(span)), hex(&Span::Otlp(unshared)));
    }

    #[test]
    fn spans_that_differ_in_what_they_share_with_others_have_different_digests() {
        let span = full_otlp_span(1, 2, "shop");
        let resource = otlp::Resource { schema_url: String::new(), ..otlp::Resource::clone(&span.resource) };
        let scope = otlp::Scope { schema_url: String::new(), ..otlp::Scope::clone(&span.scope) };
        let spans = [
            Span::Otlp(full_otlp_span(1, 2, "cart")),
            Span::Otlp(otlp::Span { resource: Arc::new(resource), ..span.clone() }),
            Span::Otlp(otlp::Span { scope: Arc::new(scope), ..span.clone() }),
            Span::Otlp(otlp::Span { scope: Arc::default(), ..span.clone() }),
            Span::Otlp(span),
            Span::V1(v1_span(1, 1, "shop")),
            Span::V1(v1_span(1, 1, "")),
            Span::V1(v1::Span { process: None, ..v1_span(1, 1, "") }),
        ];
        assert_eq!(spans.iter().map(hex).collect::<HashSet<_>>().len(), spans.len());
    }

    proptest! {
        #[test]
        fn spans_are_equal_if_and_only_if_their_digests_are(spans in strategies::spans(0..40)) {
            let mut by_digest: HashMap<Digest, Span> = HashMap::new();
            for span in &spans {
                let same = by_digest.entry(Digest::of_span(span)).or_insert_with(|| span.clone());
                prop_assert_eq!(&*same, span);
            }
            let distinct: HashSet<_> = spans.iter().collect();
            prop_assert_eq!(by_digest.len(), distinct.len());
        }
    }
}
