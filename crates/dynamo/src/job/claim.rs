//! Claims: best effort, so that two runners do not do the same work. Nothing depends on them but cost, since only a
//! manifest makes a run visible.

use jaeger_dynamodb_core::StoreError;
use serde_dynamo::{AttributeValue, Item};

use super::Job;
use crate::capacity::Purpose;
use crate::client::{Consistency, RequestError, Update};
use crate::item::number;
use crate::keys::{Key, attribute};
use crate::schema::Table;

/// A claim that is not renewed for so long is nobody's. Seconds.
const LEASE: u64 = 120;

const FIRST_BACKOFF: u64 = 10;
const LONGEST_BACKOFF: u64 = 15 * 60;

/// A reason is for people, who need no more of it.
const MOST_REASON_BYTES: usize = 1000;

/// What came of asking for a claim.
#[derive(Debug)]
pub(super) enum Claimed {
    Ours(Claim),
    /// Somebody else's until then (Unix seconds), or parked for the reason.
    Until {
        until: u64,
        reason: Option<String>,
    },
}

/// This process's claim on a window or block.
#[derive(Debug)]
pub(super) struct Claim {
    key: Key,
    /// When it should be renewed, Unix seconds.
    renew_at: u64,
    /// How often whoever held it has failed.
    tries: u64,
}

impl Job {
    /// Claims what the key stands for. The claim's item expires then.
    pub(super) async fn claim(&self, key: Key, expiry: u64) -> Result<Claimed, StoreError> {
        let client = &self.context.client;
        let found = client
            .get(Table::Index, key.clone(), Consistency::Strong, Purpose::JobState, self.deadline())
            .await?
            .item;
        let now = self.roughly_now();
        let number_of = |name| found.as_ref().and_then(|item| number(item, name).ok());
        let until = number_of(attribute::UNTIL).unwrap_or_default();
        let holder = found.as_ref().and_then(|item| item.get(attribute::HOLDER));
        if until > now && holder != Some(&self.holder()) {
            let reason = found.as_ref().filter(|_| holder.is_none()).and_then(reason_of);
            return Ok(Claimed::Until { until, reason });
        }
        let tries = number_of(attribute::TRIES).unwrap_or_default();
        let update = Update {
            table: Table::Index,
            purpose: Purpose::JobState,
            key: key.clone(),
            expression: "SET #holder = :holder, #until = :until, #expiry = :expiry",
            condition: Some("attribute_not_exists(#until) OR #until <= :now OR #holder = :holder"),
            names: &[
                ("#holder", attribute::HOLDER),
                ("#until", attribute::UNTIL),
                ("#expiry", attribute::EXPIRY),
            ],
            values: vec![
                (":holder", self.holder()),
                (":until", of(now + LEASE)),
                (":expiry", of(expiry)),
                (":now", of(now)),
            ],
        };
        match client.update(&update, self.deadline()).await {
            Ok(_) => Ok(Claimed::Ours(Claim { key, renew_at: now + LEASE / 2, tries })),
            Err(RequestError::ConditionFailed) => Ok(Claimed::Until { until: now + LEASE, reason: None }),
            Err(error) => Err(error.into()),
        }
    }

    /// Keeps a claim that would end soon.
    pub(super) async fn renew_if_due(&self, claim: &mut Claim) {
        let now = self.roughly_now();
        if now >= claim.renew_at {
            claim.renew_at = now + LEASE / 2;
            self.change(claim, "SET #until = :until", now + LEASE, None).await;
        }
    }

    /// Lets go of a claim without having done what it was for.
    pub(super) async fn release(&self, claim: &Claim) {
        self.change(claim, "SET #until = :until REMOVE #holder", 0, None).await;
    }

    /// Parks what was claimed, for everybody, and says until when: longer each time.
    pub(super) async fn park(&self, claim: &Claim, reason: &str) -> u64 {
        let until = self.roughly_now() + backoff(claim.tries);
        let expression = "SET #until = :until, #tries = :tries, #reason = :reason REMOVE #holder";
        self.change(claim, expression, until, Some((claim.tries + 1, reason))).await;
        until
    }

    /// Changes a claim if it is still this process's. Whether that succeeds decides nothing.
    async fn change(&self, claim: &Claim, expression: &str, until: u64, failed: Option<(u64, &str)>) {
        let mut names = vec![("#holder", attribute::HOLDER), ("#until", attribute::UNTIL)];
        let mut values = vec![(":holder", self.holder()), (":until", of(until))];
        if let Some((tries, reason)) = failed {
            let end = reason.floor_char_boundary(MOST_REASON_BYTES);
            let reason = reason.get(..end).unwrap_or_default().to_owned();
            names.extend([("#tries", attribute::TRIES), ("#reason", attribute::REASON)]);
            values.extend([(":tries", of(tries)), (":reason", AttributeValue::S(reason))]);
        }
        let update = Update {
            table: Table::Index,
            purpose: Purpose::JobState,
            key: claim.key.clone(),
            expression,
            condition: Some("#holder = :holder"),
            names: &names,
            values,
        };
        match self.context.client.update(&update, self.deadline()).await {
            Ok(_) | Err(RequestError::ConditionFailed) => {}
            Err(error) => tracing::debug!(error = %error, "a claim cannot be changed"),
        }
    }

    /// The service's time as far as the process can tell: what has failed may have had no answers for a while.
    pub(super) fn roughly_now(&self) -> u64 {
        self.now().max(self.context.client.service_seconds())
    }

    fn holder(&self) -> AttributeValue {
        AttributeValue::S(self.holder.clone())
    }
}

/// Seconds for which something that has failed so often before is left alone.
pub(super) fn backoff(tries: u64) -> u64 {
    let doublings = u32::try_from(tries).unwrap_or(u32::MAX);
    2_u64.saturating_pow(doublings).saturating_mul(FIRST_BACKOFF).min(LONGEST_BACKOFF)
}

/// Why what the claim is about failed the last time.
pub(super) fn reason_of(item: &Item) -> Option<String> {
    match item.get(attribute::REASON) {
        Some(AttributeValue::S(reason)) => Some(reason.clone()),
        _ => None,
    }
}

fn of(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_backoff_doubles_up_to_a_quarter_of_an_hour() {
        assert_eq!([0, 1, 2, 6, 7, 64, u64::MAX].map(backoff), [10, 20, 40, 640, 900, 900, 900]);
    }
}
