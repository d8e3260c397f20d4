//! What a pack can hold. Everything that comes over Jaeger's and OpenTelemetry's protocols can be packed; a program that
//! embeds the store can make more than their messages carry, and is told so instead of finding something else later.

use jaeger_dynamodb_core::{Attribute, AttributeValue, Attributes, Span, StoreError, UnixNanos, otlp, v1};
use jaeger_dynamodb_proto::convert::{timestamp, unix_nanos};

/// prost decodes messages within messages to a depth of 100. A list takes two levels, a map three, and four are taken
/// by the span, an event, its attribute and the value itself. What Export lets through is less deep.
const DEEPEST: usize = 96;

/// Refuses a span that would not come back as it is.
pub(crate) fn check(span: &Span) -> Result<(), StoreError> {
    let problem = match span {
        Span::Otlp(span) => check_otlp(span),
        Span::V1(span) => check_v1(span),
    };
    problem.map_err(|problem| {
        StoreError::invalid(format!("span {} of trace {} {problem}", span.span_id(), span.trace_id()))
    })
}

fn check_otlp(span: &otlp::Span) -> Result<(), &'static str> {
    let events = span.events.iter().map(|event| &event.attributes);
    let links = span.links.iter().map(|link| &link.attributes);
    let shared = [&span.attributes, &span.resource.attributes, &span.scope.attributes];
    let mut all = shared.into_iter().chain(events).chain(links).flat_map(Attributes::iter);
    if all.all(|attribute| is_shallow(&attribute.value, DEEPEST)) {
        Ok(())
    } else {
        Err("has an attribute whose lists and maps are nested too deep to be stored")
    }
}

fn check_v1(span: &v1::Span) -> Result<(), &'static str> {
    let representable = |instant: UnixNanos| unix_nanos(timestamp(instant)) == Ok(instant);
    if !representable(span.start_time) || !span.logs.iter().all(|log| representable(log.timestamp)) {
        return Err("has a time outside the years 1 to 9999");
    }
    let process = span.process.iter().flat_map(|process| &process.tags);
    let mut tags = span.tags.iter().chain(process).chain(span.logs.iter().flat_map(|log| &log.fields));
    if tags.all(is_v1) { Ok(()) } else { Err("has a tag of a type that Jaeger v1 does not know") }
}

fn is_shallow(value: &AttributeValue, levels: usize) -> bool {
    match value {
        AttributeValue::Array(values) => {
            levels.checked_sub(2).is_some_and(|levels| values.iter().all(|value| is_shallow(value, levels)))
        }
        AttributeValue::Map(attributes) => levels
            .checked_sub(3)
            .is_some_and(|levels| attributes.iter().all(|attribute| is_shallow(&attribute.value, levels))),
        _ => true,
    }
}

fn is_v1(tag: &Attribute) -> bool {
    !matches!(tag.value, AttributeValue::Empty | AttributeValue::Array(_) | AttributeValue::Map(_))
}

#[cfg(test)]
mod tests {
    use jaeger_dynamodb_core::StoreErrorKind;
    use jaeger_dynamodb_testkit::fixtures::{otlp_span, v1_span};

    use super::*;
    use crate::pack;

    fn nested(depth: usize, wrap: fn(AttributeValue) -> AttributeValue) -> Span {
        let value = (0..depth).fold(AttributeValue::Int(1), |value, _| wrap(value));
        let mut span = otlp_span(1, 1, "shop");
        span.events = vec![otlp::Event {
            attributes: Attributes(vec![Attribute { key: "deep".into(), value }]),
            ..Default::default()
        }];
        Span::Otlp(span)
    }

    #[test]
    fn whatever_is_let_through_comes_back() {
        let list = |value| AttributeValue::Array(vec![value]);
        let map = |value| AttributeValue::Map(Attributes(vec![Attribute { key: "k".into(), value }]));
        for wrap in [list, map] {
            let fitting =
                (0..60).rev().map(|depth| nested(depth, wrap)).find(|span| check(span).is_ok()).unwrap();
            assert_eq!(
                pack::decode(&pack::encode(vec![fitting.clone()]), |id| id == fitting.trace_id()),
                Ok(vec![fitting.clone()])
            );
            assert_eq!(check(&nested(60, wrap)).unwrap_err().kind(), StoreErrorKind::InvalidRequest);
        }
    }

    #[test]
    fn v1_spans_that_their_messages_cannot_carry_are_refused() {
        let mut late = v1_span(1, 1, "shop");
        late.start_time = UnixNanos(i128::MAX);
        let mut odd = v1_span(1, 1, "shop");
        odd.tags.0.push(Attribute { key: "list".into(), value: AttributeValue::Array(Vec::new()) });
        assert!(check(&Span::V1(v1_span(1, 1, "shop"))).is_ok());
        assert!(check(&Span::V1(late)).unwrap_err().to_string().contains("years 1 to 9999"));
        assert!(check(&Span::V1(odd)).is_err());
    }
}
