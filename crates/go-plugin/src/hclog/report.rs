//! What has to be said even if nobody listens to events.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::fmt::Display;
use std::io::Write as _;
use std::panic::PanicHookInfo;

use super::fields::Fields;
use super::line::Line;

/// Tells the host about a fault that ends the plugin, as one line at the level error. Unlike an event it needs no
/// subscriber and passes every filter.
pub fn report(fault: &dyn Display) {
    write("plugin", fault.to_string(), Fields::default());
}

/// From now on a panic is told as one line at the level error, with a backtrace if `RUST_BACKTRACE` asks for it. What
/// Rust prints by itself would be lines of plain text, which a host logs as debug.
pub fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let (message, fields) = describe(panic);
        write("panic", message, fields);
    }));
}

fn describe(panic: &PanicHookInfo<'_>) -> (String, Fields) {
    let mut fields = Fields::default();
    if let Some(location) = panic.location() {
        fields.set("location", location.to_string());
    }
    if let Some(thread) = std::thread::current().name() {
        fields.set("thread", thread);
    }
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        fields.set("backtrace", backtrace.to_string());
    }
    (format!("panic: {}", panic.payload_as_str().unwrap_or("of an unknown kind")), fields)
}

fn write(module: &str, message: String, fields: Fields) {
    let line = Line { level: "error", module, message, others: fields.others }.encode();
    // Nobody is left to tell if stderr is closed.
    let _ = std::io::stderr().write_all(&line);
}
