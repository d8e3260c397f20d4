use jaeger_dynamodb_core::UnixNanos;
use jaeger_dynamodb_loadgen::{Load, Workload};
use prost::Message;
use std::{io::Write, time::Duration};
#[test]
fn dump() {
    let mut out = std::io::BufWriter::new(std::fs::File::create("/tmp/loadgen_bytes.bin").unwrap());
    let start = UnixNanos::from_secs(1_760_000_000);
    for seed in [1, 2, 7] {
        for (workload, rate, seconds) in [
            (Workload::demo(seed), 10, 30),
            (Workload::demo(seed), 3_000, 12),
            (Workload::demo(seed), 60_000, 2),
            (Workload::three_span_traces(seed), 1_000, 10),
            (Workload::batch(seed), 20_000, 1),
            (Workload::many_services(seed), 2_000, 8),
        ] {
            for a in workload.arrivals(Load {
                spans_per_second: rate,
                duration: Duration::from_secs(seconds),
                start,
            }) {
                let bytes = a.request.encode_to_vec();
                out.write_all(&a.at.as_nanos().to_be_bytes()).unwrap();
                out.write_all(&bytes.len().to_be_bytes()).unwrap();
                out.write_all(&bytes).unwrap();
            }
        }
    }
    out.flush().unwrap();
}
