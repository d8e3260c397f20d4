//! What our server says about its work at `/metrics`.

/// Samples that are whole numbers, as all counters are: a name with its labels, and the value.
#[derive(Debug)]
pub(crate) struct Metrics(Vec<(String, usize)>);

impl Metrics {
    pub(crate) fn parse(text: &str) -> Self {
        let samples = text.lines().filter_map(|line| line.rsplit_once(' '));
        let samples = samples.filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?)));
        Self(samples.collect())
    }

    /// Requests to the storage that were made for this purpose.
    pub(crate) fn requests(&self, purpose: &str) -> usize {
        self.sum("jaeger_dynamodb_requests_total", &format!("purpose=\"{purpose}\""))
    }

    pub(crate) fn windows_derived(&self) -> usize {
        self.sum("jaeger_dynamodb_windows_derived_total", "")
    }

    pub(crate) fn blocks_merged(&self) -> usize {
        self.sum("jaeger_dynamodb_blocks_merged_total", "")
    }

    /// How long the oldest closed window has been waiting to be derived; `None` before the job's first round.
    pub(crate) fn oldest_not_done_seconds(&self) -> Option<usize> {
        let is_gauge = |name: &str| name == "jaeger_dynamodb_oldest_window_not_done_seconds";
        self.0.iter().find(|(name, _)| is_gauge(name)).map(|(_, value)| *value)
    }

    /// The sum over all samples of the metric with the label.
    fn sum(&self, metric: &str, label: &str) -> usize {
        let is_meant = |name: &str| name.split('{').next() == Some(metric) && name.contains(label);
        self.0.iter().filter(|(name, _)| is_meant(name)).map(|(_, value)| value).sum()
    }
}
