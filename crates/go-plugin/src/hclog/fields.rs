//! Fields of events and spans as JSON.

use std::fmt::{Debug, Display};

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};

/// The host reads numbers as 64-bit floats, and writes those from here on with an exponent and fewer digits than they
/// have.
const FIRST_WITH_EXPONENT: u64 = 1_000_000;

/// What is logged besides time and level.
#[derive(Debug, Default)]
pub(super) struct Fields {
    /// None if the event has only fields.
    pub(super) message: Option<String>,
    pub(super) others: Map<String, Value>,
}

// === impl Fields ===

impl Fields {
    /// Takes over all but the message.
    pub(super) fn inherit(&mut self, span: &Self) {
        self.others.extend(span.others.clone());
    }

    /// The keys that begin with `@` are hclog's own.
    pub(super) fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.others.insert(key.trim_start_matches('@').to_owned(), value.into());
    }

    fn set_integer(&mut self, field: &Field, value: impl Into<Value> + Display, magnitude: u128) {
        if magnitude < u128::from(FIRST_WITH_EXPONENT) {
            self.set(field.name(), value);
        } else {
            self.set(field.name(), value.to_string());
        }
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if value.is_finite() {
            self.set(field.name(), value);
        } else {
            self.set(field.name(), value.to_string());
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set_integer(field, value, u128::from(value.unsigned_abs()));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set_integer(field, value, u128::from(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field.name(), value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.message = Some(value.to_owned());
        } else {
            self.set(field.name(), value);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}
