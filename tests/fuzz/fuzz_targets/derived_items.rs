#![no_main]

use jaeger_dynamodb_dynamo::fuzzing::derived_items;
use jaeger_dynamodb_fuzz::{COMPRESSED, within};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    within(COMPRESSED, data, derived_items);
});
