//! `ExportTraceServiceRequest`.

use super::Field::{Message, Text};
use super::Schema;

pub(in crate::codec) static EXPORT_REQUEST: Schema = Schema(&[(1, Message(&RESOURCE_SPANS))]);

static RESOURCE_SPANS: Schema = Schema(&[(1, Message(&RESOURCE)), (2, Message(&SCOPE_SPANS)), (3, Text)]);

static RESOURCE: Schema = Schema(&[(1, Message(&KEY_VALUE)), (3, Message(&ENTITY_REF))]);

static ENTITY_REF: Schema = Schema(&[(1, Text), (2, Text), (3, Text), (4, Text)]);

static SCOPE_SPANS: Schema = Schema(&[(1, Message(&SCOPE)), (2, Message(&SPAN)), (3, Text)]);

static SCOPE: Schema = Schema(&[(1, Text), (2, Text), (3, Message(&KEY_VALUE))]);

static SPAN: Schema = Schema(&[
    (3, Text),
    (5, Text),
    (9, Message(&KEY_VALUE)),
    (11, Message(&EVENT)),
    (13, Message(&LINK)),
    (15, Message(&STATUS)),
]);

static EVENT: Schema = Schema(&[(2, Text), (3, Message(&KEY_VALUE))]);

static LINK: Schema = Schema(&[(3, Text), (4, Message(&KEY_VALUE))]);

static STATUS: Schema = Schema(&[(2, Text)]);

static KEY_VALUE: Schema = Schema(&[(1, Text), (2, Message(&ANY_VALUE))]);

static ANY_VALUE: Schema = Schema(&[(1, Text), (5, Message(&ARRAY)), (6, Message(&KEY_VALUE_LIST))]);

static ARRAY: Schema = Schema(&[(1, Message(&ANY_VALUE))]);

static KEY_VALUE_LIST: Schema = Schema(&[(1, Message(&KEY_VALUE))]);
