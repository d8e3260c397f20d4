#![no_main]

use jaeger_dynamodb_dynamo::fuzzing::written_spans;
use jaeger_dynamodb_fuzz::{PLAIN, within};
use jaeger_dynamodb_grpc::fuzzing::export;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    within(PLAIN, data, |data| written_spans(export(data)));
});
