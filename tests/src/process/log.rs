//! What a server says about itself: its log, its metrics.

use std::net::{Ipv4Addr, SocketAddr};

/// As many lines as tell what went wrong.
const TAIL: usize = 40;

/// Where a server listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Addresses {
    pub(super) grpc: SocketAddr,
    pub(super) archive: Option<SocketAddr>,
    pub(super) http: SocketAddr,
}

impl Addresses {
    const NOWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
    pub(super) const UNKNOWN: Self = Self { grpc: Self::NOWHERE, archive: None, http: Self::NOWHERE };
}

/// The addresses that the line of a server that is ready names.
pub(super) fn addresses(log: &str) -> Option<Addresses> {
    // A line that is still being written has no end.
    let line = log.split_inclusive('\n').find(|line| line.contains(" ready ") && line.ends_with('\n'))?;
    let field = |name: &str| line.split_whitespace().find_map(|word| word.strip_prefix(name)?.parse().ok());
    Some(Addresses {
        grpc: field("listen=")?,
        archive: field("archive_listen="),
        http: field("http_listen=")?,
    })
}

/// The last lines.
pub(super) fn tail(log: &str) -> String {
    let lines: Vec<_> = log.lines().collect();
    lines.get(lines.len().saturating_sub(TAIL)..).unwrap_or_default().join("\n")
}

/// The sum over all labels of a metric in the text format of Prometheus.
pub(super) fn sum(metrics: &str, name: &str) -> f64 {
    let value = |line: &str| {
        let rest = line.strip_prefix(name)?;
        if !rest.starts_with(['{', ' ']) {
            return None;
        }
        rest.rsplit_once(' ')?.1.parse::<f64>().ok()
    };
    metrics.lines().filter_map(value).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_the_line_that_is_ready() {
        let line = "2026 INFO x: ready listen=127.0.0.1:1 archive_listen=127.0.0.1:2 http_listen=127.0.0.1:3";
        assert_eq!(addresses(line), None, "the line has not ended");
        let all = addresses(&format!("opening\n{line}\nmore\n")).unwrap();
        assert_eq!((all.grpc.port(), all.archive.unwrap().port(), all.http.port()), (1, 2, 3));
    }

    #[test]
    fn a_metric_is_summed_over_its_labels_and_no_other() {
        let text = "# TYPE a counter\na{of=\"one two\"} 2\na{of=\"b\"} 3\na_total 7\n";
        assert!((sum(text, "a") - 5.0).abs() < f64::EPSILON);
        assert!((sum(text, "a_total") - 7.0).abs() < f64::EPSILON);
        assert!(sum(text, "b").abs() < f64::EPSILON);
    }
}
