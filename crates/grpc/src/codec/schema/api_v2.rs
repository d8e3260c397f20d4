//! `WriteSpanRequest` of `jaeger.storage.v1`, with the span of `jaeger.api_v2` in it.

use super::Field::{Message, Text};
use super::{NO_TEXTS, Schema};

pub(in crate::codec) static WRITE_SPAN_REQUEST: Schema = Schema(&[(1, Message(&SPAN))]);

static SPAN: Schema = Schema(&[
    (3, Text),
    (4, Message(&NO_TEXTS)),
    (6, Message(&NO_TEXTS)),
    (7, Message(&NO_TEXTS)),
    (8, Message(&KEY_VALUE)),
    (9, Message(&LOG)),
    (10, Message(&PROCESS)),
    (11, Text),
    (12, Text),
]);

static LOG: Schema = Schema(&[(1, Message(&NO_TEXTS)), (2, Message(&KEY_VALUE))]);

static PROCESS: Schema = Schema(&[(1, Text), (2, Message(&KEY_VALUE))]);

static KEY_VALUE: Schema = Schema(&[(1, Text), (3, Text)]);
