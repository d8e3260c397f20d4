#![no_main]

use jaeger_dynamodb_dynamo::fuzzing::manifest;
use jaeger_dynamodb_fuzz::{PLAIN, within};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    within(PLAIN, data, manifest);
});
