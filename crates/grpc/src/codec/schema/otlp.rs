//! `ExportTraceServiceRequest`.

use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
use jaeger_dynamodb_proto::opentelemetry::proto::common::v1::{
    AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList,
};
use jaeger_dynamodb_proto::opentelemetry::proto::resource::v1::Resource;
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span};

use super::Field::{Message, Text, Texts};
use super::Schema;

pub(in crate::codec) static EXPORT_REQUEST: Schema =
    Schema::of::<ExportTraceServiceRequest>(&[(1, Message(&RESOURCE_SPANS))]);

static RESOURCE_SPANS: Schema =
    Schema::of::<ResourceSpans>(&[(1, Message(&RESOURCE)), (2, Message(&SCOPE_SPANS)), (3, Text)]);

static RESOURCE: Schema = Schema::of::<Resource>(&[(1, Message(&KEY_VALUE)), (3, Message(&ENTITY_REF))]);

static ENTITY_REF: Schema = Schema::of::<EntityRef>(&[(1, Text), (2, Text), (3, Texts), (4, Texts)]);

static SCOPE_SPANS: Schema =
    Schema::of::<ScopeSpans>(&[(1, Message(&SCOPE)), (2, Message(&SPAN)), (3, Text)]);

static SCOPE: Schema = Schema::of::<InstrumentationScope>(&[(1, Text), (2, Text), (3, Message(&KEY_VALUE))]);

static SPAN: Schema = Schema::of::<Span>(&[
    (3, Text),
    (5, Text),
    (9, Message(&KEY_VALUE)),
    (11, Message(&EVENT)),
    (13, Message(&LINK)),
    (15, Message(&STATUS)),
]);

static EVENT: Schema = Schema::of::<span::Event>(&[(2, Text), (3, Message(&KEY_VALUE))]);

static LINK: Schema = Schema::of::<span::Link>(&[(3, Text), (4, Message(&KEY_VALUE))]);

static STATUS: Schema = Schema::of::<Status>(&[(2, Text)]);

static KEY_VALUE: Schema = Schema::of::<KeyValue>(&[(1, Text), (2, Message(&ANY_VALUE))]);

static ANY_VALUE: Schema =
    Schema::of::<AnyValue>(&[(1, Text), (5, Message(&ARRAY)), (6, Message(&KEY_VALUE_LIST))]);

static ARRAY: Schema = Schema::of::<ArrayValue>(&[(1, Message(&ANY_VALUE))]);

static KEY_VALUE_LIST: Schema = Schema::of::<KeyValueList>(&[(1, Message(&KEY_VALUE))]);
