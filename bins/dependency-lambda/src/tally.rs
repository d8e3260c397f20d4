//! What an invocation has done, as metrics in CloudWatch's embedded format: a line of JSON on stdout, from which
//! CloudWatch Logs makes metrics
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>).

use serde_json::{Map, Value, json};

const NAMESPACE: &str = "JaegerDynamoDB";
const FUNCTION: &str = "FunctionName";

/// What an invocation has done.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Tally {
    /// Windows that it derived.
    pub windows_done: u64,
    /// For how long the oldest of the windows that were looked at, or are still waiting, had been closed.
    pub oldest_age_seconds: u64,
    /// Windows that are left to a later invocation.
    pub windows_left: u64,
    /// Windows that failed and wait.
    pub windows_parked: u64,
    /// Edges that were written.
    pub edges: u64,
    /// Children that found no parent within the horizon.
    pub unmatched: u64,
    /// Records that are not about a window to derive.
    pub records_skipped: u64,
    /// Records that cannot be read.
    pub records_malformed: u64,
    /// Write request units.
    pub write_units: u64,
    /// How long it took.
    pub duration_ms: f64,
}

// === impl Tally ===

impl Tally {
    fn metrics(&self) -> [(&'static str, &'static str, Value); 10] {
        [
            ("WindowsDone", "Count", self.windows_done.into()),
            ("OldestWindowAge", "Seconds", self.oldest_age_seconds.into()),
            ("WindowsLeft", "Count", self.windows_left.into()),
            ("WindowsParked", "Count", self.windows_parked.into()),
            ("Edges", "Count", self.edges.into()),
            ("UnmatchedHalves", "Count", self.unmatched.into()),
            ("RecordsSkipped", "Count", self.records_skipped.into()),
            ("RecordsMalformed", "Count", self.records_malformed.into()),
            ("WriteRequestUnits", "Count", self.write_units.into()),
            ("Duration", "Milliseconds", self.duration_ms.into()),
        ]
    }

    /// The line, without its end.
    #[must_use]
    pub fn line(&self, function: &str, request_id: &str, trigger: &str, unix_millis: u64) -> String {
        let metrics = self.metrics();
        let definitions: Vec<Value> =
            metrics.iter().map(|(name, unit, _)| json!({"Name": name, "Unit": unit})).collect();
        let directive = json!({"Namespace": NAMESPACE, "Dimensions": [[FUNCTION]], "Metrics": definitions});
        let mut fields = Map::new();
        fields.insert("_aws".into(), json!({"Timestamp": unix_millis, "CloudWatchMetrics": [directive]}));
        fields.insert(FUNCTION.into(), function.into());
        // Properties that are no dimensions are searched by, and cost nothing.
        fields.insert("RequestId".into(), request_id.into());
        fields.insert("Trigger".into(), trigger.into());
        fields.extend(metrics.map(|(name, _, value)| (name.to_owned(), value)));
        Value::Object(fields).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_every_metric_that_it_has_and_has_every_one_that_it_names() {
        let tally = Tally { windows_done: 2, write_units: 15, ..Tally::default() };
        let line = tally.line("f", "r", "datasource", 1_700_000_000_000);
        assert!(!line.contains('\n'));
        let value: Value = serde_json::from_str(&line).unwrap();
        let directive = &value["_aws"]["CloudWatchMetrics"][0];
        let dimension = directive["Dimensions"][0][0].as_str().unwrap();
        assert_eq!(
            (value["_aws"]["Timestamp"].as_u64(), &value[dimension]),
            (Some(1_700_000_000_000), &json!("f"))
        );
        let named = directive["Metrics"].as_array().unwrap();
        assert_eq!(named.len(), 10);
        assert!(named.iter().all(|metric| value[metric["Name"].as_str().unwrap()].is_number()));
        assert_eq!((&value["WindowsDone"], &value["WriteRequestUnits"]), (&json!(2), &json!(15)));
    }
}
