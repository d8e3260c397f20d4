//! `WriteSpanRequest` of `jaeger.storage.v1`, with the span of `jaeger.api_v2` in it.

use jaeger_dynamodb_proto::jaeger::api_v2::{KeyValue, Log, Process, Span, SpanRef};
use jaeger_dynamodb_proto::jaeger::storage::v1::WriteSpanRequest;
use prost_types::{Duration, Timestamp};

use super::Field::{Message, Text, Texts};
use super::Schema;

pub(in crate::codec) static WRITE_SPAN_REQUEST: Schema =
    Schema::of::<WriteSpanRequest>(&[(1, Message(&SPAN))]);

static SPAN: Schema = Schema::of::<Span>(&[
    (3, Text),
    (4, Message(&SPAN_REF)),
    (6, Message(&TIMESTAMP)),
    (7, Message(&DURATION)),
    (8, Message(&KEY_VALUE)),
    (9, Message(&LOG)),
    (10, Message(&PROCESS)),
    (11, Text),
    (12, Texts),
]);

static LOG: Schema = Schema::of::<Log>(&[(1, Message(&TIMESTAMP)), (2, Message(&KEY_VALUE))]);

static PROCESS: Schema = Schema::of::<Process>(&[(1, Text), (2, Message(&KEY_VALUE))]);

static KEY_VALUE: Schema = Schema::of::<KeyValue>(&[(1, Text), (3, Text)]);

static SPAN_REF: Schema = Schema::of::<SpanRef>(&[]);

static TIMESTAMP: Schema = Schema::of::<Timestamp>(&[]);

static DURATION: Schema = Schema::of::<Duration>(&[]);
