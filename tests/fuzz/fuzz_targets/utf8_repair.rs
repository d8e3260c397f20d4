#![no_main]

use jaeger_dynamodb_fuzz::{PLAIN, within};
use jaeger_dynamodb_grpc::fuzzing::utf8_repair;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    within(PLAIN, data, utf8_repair);
});
