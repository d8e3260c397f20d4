use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tracing_subscriber::prelude::*;

use super::line::LONGEST;
use super::*;

/// What the host makes of a line: an error where it would fall back to plain text or panic.
fn as_the_host_reads(line: &[u8]) -> Result<Map<String, Value>, String> {
    let text = std::str::from_utf8(line).map_err(|error| error.to_string())?;
    let text = text.strip_suffix('\n').ok_or("no end")?;
    if line.len() > LONGEST || text.contains('\n') {
        return Err(format!("{} bytes, or several lines", line.len()));
    }
    let object: Map<String, Value> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    for key in ["@message", "@level", "@timestamp", "@module"] {
        object.get(key).and_then(Value::as_str).ok_or(format!("{key} is no text"))?;
    }
    let time: String = object["@timestamp"]
        .as_str()
        .into_iter()
        .flat_map(str::chars)
        .map(|symbol| if symbol.is_ascii_digit() { '0' } else { symbol })
        .collect();
    let levels = ["trace", "debug", "info", "warn", "error"];
    let known = levels.contains(&object["@level"].as_str().unwrap_or_default());
    if time == "0000-00-00T00:00:00.000000Z" && known { Ok(object) } else { Err(text.to_owned()) }
}

/// The lines that `log` writes.
fn lines(log: impl FnOnce()) -> Vec<Map<String, Value>> {
    let written = Arc::new(Mutex::new(Vec::new()));
    let layer = HclogLayer::stderr().with_writer(Recorder(Arc::clone(&written)));
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), log);
    let written = written.lock().unwrap();
    written.iter().map(|line| as_the_host_reads(line).unwrap()).collect()
}

/// Keeps every write apart, so that a line in two writes is not a line.
#[derive(Clone)]
struct Recorder(Arc<Mutex<Vec<Vec<u8>>>>);

impl io::Write for Recorder {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().push(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Recorder {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[test]
fn every_level_has_hclogs_name() {
    let lines = lines(|| {
        tracing::error!("e");
        tracing::warn!("w");
        tracing::info!("i");
        tracing::debug!("d");
        tracing::trace!("t");
    });
    let levels: Vec<_> = lines.iter().map(|line| line["@level"].as_str().unwrap()).collect();
    assert_eq!(levels, ["error", "warn", "info", "debug", "trace"]);
}

#[test]
fn message_module_and_typed_fields_are_keys() {
    let line = &lines(
        || tracing::info!(target: "store", rows = 3, share = 0.5, done = true, kind = "x", "read {}", 1),
    )[0];
    assert_eq!(line["@message"], "read 1");
    assert_eq!(line["@module"], "store");
    assert_eq!((&line["rows"], &line["share"]), (&json!(3), &json!(0.5)));
    assert_eq!((&line["done"], &line["kind"]), (&json!(true), &json!("x")));
}

#[test]
fn an_event_without_a_message_has_an_empty_one() {
    assert_eq!(lines(|| tracing::info!(rows = 3))[0]["@message"], "");
}

#[test]
fn integers_that_a_float_would_change_are_texts() {
    let line = &lines(|| tracing::info!(id = u64::MAX, low = i64::MIN, exact = -999_999))[0];
    assert_eq!((&line["id"], &line["low"]), (&json!(u64::MAX.to_string()), &json!(i64::MIN.to_string())));
    assert_eq!(line["exact"], json!(-999_999));
}

#[test]
fn floats_that_json_lacks_are_texts() {
    let line = &lines(|| tracing::info!(ratio = f64::NAN, most = f64::INFINITY))[0];
    assert_eq!((&line["ratio"], &line["most"]), (&json!("NaN"), &json!("inf")));
}

#[test]
fn fields_cannot_take_the_place_of_hclogs_keys() {
    let line = &lines(|| tracing::info!("@level" = 1, "@message" = false, "@timestamp" = "never", "said"))[0];
    assert_eq!((&line["@level"], &line["@message"]), (&json!("info"), &json!("said")));
    assert_eq!((&line["level"], &line["timestamp"]), (&json!(1), &json!("never")));
}

#[test]
fn a_message_that_is_no_text_becomes_one() {
    assert_eq!(lines(|| tracing::info!(message = ?Some("x")))[0]["@message"], "Some(\"x\")");
}

#[test]
fn numbers_named_message_do_not_replace_it() {
    assert_eq!(lines(|| tracing::info!(message = 7))[0]["@message"], "");
}

#[test]
fn fields_of_spans_are_there_and_the_inner_ones_win() {
    let line = &lines(|| {
        let outer = tracing::info_span!("call", tenant = "a", attempt = 1, code = tracing::field::Empty);
        outer.record("code", 5);
        let _outer = outer.entered();
        let _inner = tracing::info_span!("try", attempt = 2).entered();
        tracing::info!("tried");
    })[0];
    assert_eq!((&line["tenant"], &line["attempt"], &line["code"]), (&json!("a"), &json!(2), &json!(5)));
}

#[test]
fn long_texts_are_cut_and_what_is_short_stays() {
    let long = "é\u{1}".repeat(100_000);
    let line = &lines(|| tracing::info!(long, short = "kept", "{long}"))[0];
    assert_eq!(line["short"], "kept");
    for key in ["@message", "long"] {
        let text = line[key].as_str().unwrap();
        assert!(text.ends_with('…') && text.len() > 1000, "{key}: {}", text.len());
    }
}

#[test]
fn a_line_of_too_many_keys_keeps_its_message() {
    let others = (0..10_000).map(|index| (format!("key number {index}"), json!(index))).collect();
    let line = Line { level: "info", module: "m", message: "said".to_owned(), others }.encode();
    let line = as_the_host_reads(&line).unwrap();
    assert_eq!((line.len(), &line["@message"]), (4, &json!("said")));
}

#[test]
fn a_closed_stderr_does_not_end_the_plugin() {
    struct Closed;
    impl io::Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let logs = tracing_subscriber::registry().with(HclogLayer::stderr().with_writer(|| Closed));
    tracing::subscriber::with_default(logs, || tracing::error!("unheard"));
}

proptest! {
    #[test]
    fn whatever_is_logged_the_host_can_read(
        message in any::<String>(),
        module in any::<String>(),
        fields in prop::collection::btree_map(
            prop_oneof![any::<String>(), "@(message|level|timestamp|module)"],
            prop_oneof![
                any::<String>().prop_map(Value::from),
                any::<i64>().prop_map(Value::from),
                any::<f64>().prop_map(Value::from),
                any::<bool>().prop_map(Value::from),
                (0usize..40_000).prop_map(|length| Value::from("\u{1f}".repeat(length))),
            ],
            0..40,
        ),
    ) {
        let mut known = Fields::default();
        for (key, value) in fields {
            known.set(&key, value);
        }
        let line = Line { level: "warn", module: &module, message: message.clone(), others: known.others }.encode();
        let line = as_the_host_reads(&line);
        prop_assert!(line.is_ok(), "{:?}", line);
        if message.len() < 16 {
            prop_assert_eq!(&line.unwrap()["@message"], &message);
        }
    }
}
