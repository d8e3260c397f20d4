use std::fmt::Write as _;
use std::time::{Duration, UNIX_EPOCH};

use jaeger_dynamodb_dynamo::ParkedWindow;

/// What is parked, as a table for people.
pub(super) fn table(parked: &[ParkedWindow]) -> String {
    let mut text = format!("{:<26}  {:<6}  {:>5}  {:<20}  REASON\n", "WINDOW", "WORK", "TRIES", "UNTIL");
    for ParkedWindow { window, work, tries, until, reason, .. } in parked {
        let until = UNIX_EPOCH.checked_add(Duration::from_secs(*until));
        let until =
            until.map(|until| humantime::format_rfc3339_seconds(until).to_string()).unwrap_or_default();
        // A reason may have lines of its own.
        let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
        // Writing to a text does not fail.
        let _ = writeln!(
            text,
            "{:<26}  {:<6}  {tries:>5}  {until:<20}  {reason}",
            window.to_string(),
            work.as_str()
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use jaeger_dynamodb_dynamo::{WindowId, Work};
    use serde_dynamo::AttributeValue;

    use super::*;

    #[test]
    fn a_window_is_a_line_whatever_its_reason_looks_like() {
        let sort = [1_769_860_800_u64.to_be_bytes().as_slice(), &300_u32.to_be_bytes()].concat();
        let number = |number: u64| AttributeValue::N(number.to_string());
        let image = HashMap::from([
            ("pk".to_owned(), AttributeValue::B(vec![0])),
            ("sk".to_owned(), AttributeValue::B(sort)),
            ("lanes".to_owned(), AttributeValue::Bs(vec![vec![7; 8]])),
            ("grace".to_owned(), number(60)),
            ("expiry".to_owned(), number(1_780_000_000)),
        ]);
        let (_, window) = WindowId::from_image(&image.into()).unwrap();
        let reason = "the job panicked:\n  index out of bounds".to_owned();
        let parked = ParkedWindow { window, work: Work::Derive, tries: 3, until: 1_769_862_000, reason };
        let table = table(&[parked]);
        let [head, line] = table.lines().collect::<Vec<_>>()[..] else { panic!("{table}") };
        assert!(head.starts_with("WINDOW") && head.ends_with("REASON"));
        let expected = "derive      3  2026-01-31T12:20:00Z  the job panicked: index out of bounds";
        assert!(line.starts_with(&window.to_string()) && line.ends_with(expected), "{line}");
    }
}
