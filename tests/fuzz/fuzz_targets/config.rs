#![no_main]

use jaeger_dynamodb_fuzz::{PLAIN, within};
use jaeger_dynamodb_storage::fuzzing::config;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    within(PLAIN, data, config);
});
