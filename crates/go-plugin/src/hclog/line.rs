//! One line for the host.

use serde_json::{Map, Value};
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};

use super::fields::Fields;

/// What the host reads at once (`client.go`, `PluginLogBufferSize`), the end of the line included. A longer line
/// comes out in pieces, as debug.
pub(super) const LONGEST: usize = 64 * 1024;

/// To how many bytes texts are cut if the line is too long, the longest first. Escaping makes up to six of one. A time
/// is shorter than any.
const CUTS: [usize; 3] = [8192, 1024, 128];

/// A line before it is written.
pub(super) struct Line<'a> {
    pub(super) level: &'static str,
    /// Who says it.
    pub(super) module: &'a str,
    pub(super) message: String,
    pub(super) others: Map<String, Value>,
}

// === impl Line ===

impl<'a> Line<'a> {
    pub(super) fn new(metadata: &Metadata<'a>, fields: Fields) -> Self {
        Self {
            level: name(*metadata.level()),
            module: metadata.target(),
            message: fields.message.unwrap_or_default(),
            others: fields.others,
        }
    }

    /// The line with its end, never longer than the host reads.
    pub(super) fn encode(self) -> Vec<u8> {
        let mut object = self.others;
        object.insert("@level".to_owned(), self.level.into());
        object.insert("@message".to_owned(), self.message.into());
        object.insert("@module".to_owned(), self.module.into());
        object.insert("@timestamp".to_owned(), now().into());
        let mut line = encoded(&object);
        for longest in CUTS {
            if line.len() <= LONGEST {
                return line;
            }
            object.values_mut().for_each(|value| cut(value, longest));
            line = encoded(&object);
        }
        if line.len() > LONGEST {
            // The keys alone are too long, or too many.
            object.retain(|key, _| key.starts_with('@'));
            line = encoded(&object);
        }
        line
    }
}

/// As hclog names them.
fn name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

/// With six digits of fractions, which the host insists on (`log_entry.go`, `parseJSON`).
fn now() -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = SystemTime.format_time(&mut Writer::new(&mut text));
    text
}

fn encoded(object: &Map<String, Value>) -> Vec<u8> {
    let mut line = serde_json::to_vec(object).unwrap_or_default();
    line.push(b'\n');
    line
}

fn cut(value: &mut Value, longest: usize) {
    if let Value::String(text) = value
        && text.len() > longest
    {
        text.truncate(text.floor_char_boundary(longest));
        text.push('…');
    }
}
