//! The repair of texts that are not UTF-8.

use jaeger_dynamodb_proto::jaeger::storage::v1::WriteSpanRequest;
use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;

use crate::codec::Repairable;
use crate::codec::repair::with_valid_texts;

/// A character that stands for something else takes three bytes, that at least one.
const MOST_GROWTH: usize = 3;

/// What is valid keeps its meaning; what is repaired has no other text to repair, and at most three times the length.
pub fn utf8_repair(data: &[u8]) {
    check::<ExportTraceServiceRequest>(data);
    check::<WriteSpanRequest>(data);
}

fn check<I: Repairable>(data: &[u8]) {
    let decoded = I::decode(data);
    if let Ok(message) = &decoded {
        // In memory nothing takes less than on the wire.
        assert!(I::decoded_bytes(data) >= message.encoded_len());
    }
    let Some(repaired) = with_valid_texts(data, I::SCHEMA) else {
        // The bytes are no message, or it is something else that prost refuses.
        return;
    };
    assert!(repaired.len() <= MOST_GROWTH * data.len());
    assert_eq!(with_valid_texts(&repaired, I::SCHEMA), None);
    let again = I::decode(repaired.as_slice());
    match decoded {
        // Within the groups that decoders skip texts are repaired too.
        Ok(message) => assert_eq!(again.map(|again| again.encode_to_vec()), Ok(message.encode_to_vec())),
        Err(_) => assert!(!again.is_err_and(|error| error.to_string().contains("UTF-8"))),
    }
}
