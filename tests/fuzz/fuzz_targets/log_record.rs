#![no_main]

use jaeger_dynamodb_dynamo::fuzzing::log_record;
use jaeger_dynamodb_fuzz::{COMPRESSED, within};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    within(COMPRESSED, data, log_record);
});
