//! What may befall a request.

use std::time::Duration;

use serde_json::{Value, json};

use super::RequestInfo;
use super::request::Effect;

/// What befalls one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// It is carried out and answered.
    #[default]
    None,
    /// It waits this long before it is carried out; its answer is dated then.
    Hold(Duration),
    /// It is carried out and dated at once; the answer takes this long.
    DelayAnswer(Duration),
    /// The answer's `Date` is moved by so many seconds.
    ShiftDate(i64),
    /// The service refuses it and does nothing.
    Refuse(Refusal),
    /// The connection is cut before anything was done.
    CutBefore,
    /// It is carried out; then the connection is cut instead of an answer.
    CutAfter,
    /// The connection is cut, and the request is carried out this much later all the same.
    CutAndExecuteLater(Duration),
    /// Of a batch, only so many items are processed; the answer lists the others as unprocessed. A
    /// batch of which nothing is processed is refused, as by DynamoDB. Without effect on the rest.
    ProcessOnly(usize),
    /// The process dies before the request leaves it: the request is not carried out, and every
    /// later one of the handle fails, as do those still waiting for an answer.
    CrashBefore,
    /// The process dies before the answer arrives: the request is carried out; the rest is as with
    /// [`CrashBefore`](Self::CrashBefore).
    CrashAfter,
}

/// How the service refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// HTTP 500 `InternalServerError`.
    InternalServerError,
    /// HTTP 400 `ThrottlingException`: too much for one key range.
    Throttling,
    /// HTTP 400 `ProvisionedThroughputExceededException`: more than the table was given.
    ThroughputExceeded,
    /// HTTP 400 `RequestLimitExceeded`: more than the account may.
    RequestLimitExceeded,
}

// === impl Fault ===

impl Fault {
    /// Whether it settles what becomes of the request, so that no second one can.
    pub(crate) fn settles(self) -> bool {
        !matches!(self, Self::None | Self::Hold(_) | Self::DelayAnswer(_) | Self::ShiftDate(_))
    }
}

// === impl Refusal ===

impl Refusal {
    pub(crate) fn any_throttling(rng: &mut fastrand::Rng) -> Self {
        match rng.u8(..3) {
            0 => Self::Throttling,
            1 => Self::ThroughputExceeded,
            _ => Self::RequestLimitExceeded,
        }
    }

    /// HTTP status and document, as the service sends them.
    pub(crate) fn answer(self, request: &RequestInfo) -> (u16, Value) {
        // The service's model spells the list's name in two ways.
        let (code, reasons, limit) = match self {
            Self::InternalServerError => {
                let code = "com.amazonaws.dynamodb.v20120810#InternalServerError";
                return (500, json!({ "__type": code, "message": "injected fault" }));
            }
            Self::Throttling => ("ThrottlingException", "throttlingReasons", "KeyRangeThroughputExceeded"),
            Self::ThroughputExceeded => (
                "ProvisionedThroughputExceededException",
                "ThrottlingReasons",
                "ProvisionedThroughputExceeded",
            ),
            Self::RequestLimitExceeded => {
                ("RequestLimitExceeded", "ThrottlingReasons", "AccountLimitExceeded")
            }
        };
        let operation = if request.effect() == Effect::Writes { "Write" } else { "Read" };
        // Members: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ThrottlingReason.html
        let reason = |table: &String| {
            json!({
                "reason": format!("Table{operation}{limit}"),
                "resource": format!("arn:aws:dynamodb:dynoxide:000000000000:table/{table}"),
            })
        };
        let document = json!({
            "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"),
            "message": "injected throttling",
            reasons: request.tables.iter().map(reason).collect::<Vec<_>>(),
        });
        (400, document)
    }
}
