//! Makes a message fit by cutting what is longest in it.

use jaeger_dynamodb_proto::jaeger::api_v2;
use jaeger_dynamodb_proto::opentelemetry::proto::common::v1::any_value::Value;
use jaeger_dynamodb_proto::opentelemetry::proto::common::v1::{AnyValue, ArrayValue, KeyValue};
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::Span;
use prost::Message;

use super::parts::{Part, Parts};

/// Where Jaeger looks for warnings about an OTLP span, and shows them to the user.
const WARNINGS: &str = "@jaeger@warnings";

const WARNING: &str =
    "values were cut by the storage backend, because the span is larger than a gRPC message may be";

/// Bytes kept free for the warning in a span that is cut.
const WARNING_ROOM: usize = 2 * (WARNINGS.len() + WARNING.len());

/// No text is cut below this; if that is not enough, it is lists that are too long.
const SHORTEST_CUT: usize = 64;

/// A span in which the user reads warnings.
pub(super) trait Warned {
    fn warn(&mut self, warning: &str);
}

/// Cuts the span to `limit` bytes if it is larger, and says so in it. It says so too if what surrounds it was cut.
pub(super) fn cut_span(
    span: &mut (impl Parts + Message + Warned),
    limit: usize,
    surroundings_were_cut: bool,
) {
    if surroundings_were_cut || span.encoded_len() > limit {
        cut(span, limit.saturating_sub(WARNING_ROOM));
        span.warn(WARNING);
    }
}

/// Cuts the message to `limit` bytes and says whether that was needed: first its longest texts to a common length,
/// and if it consists of very many short ones, its longest lists.
pub(crate) fn cut(message: &mut (impl Parts + Message), limit: usize) -> bool {
    let Some(excess) = message.encoded_len().checked_sub(limit).filter(|excess| *excess > 0) else {
        return false;
    };
    let longest = common_length(message, excess).max(SHORTEST_CUT);
    message.visit(&mut |part| match part {
        Part::Text(text) => text.truncate(text.floor_char_boundary(longest)),
        Part::Bytes(bytes) => bytes.truncate(longest),
        Part::List(_) => {}
    });
    let mut items = longest_list(message);
    while items > 0 && message.encoded_len() > limit {
        items /= 2;
        message.visit(&mut |part| {
            if let Part::List(list) = part {
                list.keep_first(items);
            }
        });
    }
    true
}

/// The greatest length to which all longer texts can be cut so that `excess` bytes go, or zero.
fn common_length(message: &mut impl Parts, excess: usize) -> usize {
    let mut lengths = Vec::new();
    message.visit(&mut |part| match part {
        Part::Text(text) => lengths.push(text.len()),
        Part::Bytes(bytes) => lengths.push(bytes.len()),
        Part::List(_) => {}
    });
    lengths.sort_unstable_by(|a, b| b.cmp(a));
    let shorter = lengths.iter().skip(1).copied().chain([0]);
    let mut sum = 0;
    for ((count, length), next) in (1..).zip(&lengths).zip(shorter) {
        sum += length;
        // Cutting the `count` longest to the length of the next is enough: they share what may remain.
        if sum - count * next >= excess {
            return (sum - excess) / count;
        }
    }
    0
}

fn longest_list(message: &mut impl Parts) -> usize {
    let mut longest = 0;
    message.visit(&mut |part| {
        if let Part::List(list) = part {
            longest = longest.max(list.len());
        }
    });
    longest
}

impl Warned for Span {
    fn warn(&mut self, warning: &str) {
        let warning = AnyValue { value: Some(Value::StringValue(warning.to_owned())) };
        let Some(warnings) = self.attributes.iter_mut().find(|pair| pair.key == WARNINGS) else {
            let value = Some(array(vec![warning]));
            return self.attributes.push(KeyValue { key: WARNINGS.to_owned(), value });
        };
        match &mut warnings.value {
            Some(AnyValue { value: Some(Value::ArrayValue(array)) }) => array.values.push(warning),
            other => *other = Some(array(other.take().into_iter().chain([warning]).collect())),
        }
    }
}

impl Warned for api_v2::Span {
    fn warn(&mut self, warning: &str) {
        self.warnings.push(warning.to_owned());
    }
}

fn array(values: Vec<AnyValue>) -> AnyValue {
    AnyValue { value: Some(Value::ArrayValue(ArrayValue { values })) }
}
