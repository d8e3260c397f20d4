//! A company of many teams with a few small services each.

use super::shop::{AD, CATALOG, CHECKOUT, FRONTEND, RECOMMENDATION};
use crate::model::Service;

const PLACES: [&str; 10] =
    ["alder", "birch", "cedar", "dogwood", "elm", "fir", "ginkgo", "hazel", "ivy", "juniper"];
const TRADES: [&str; 10] =
    ["billing", "claims", "fleet", "hiring", "leasing", "ledger", "orders", "returns", "routing", "tickets"];

/// One of a team's services.
#[derive(Debug)]
pub(crate) struct Member {
    name: &'static str,
    /// Where its language and version come from.
    pub(crate) like: &'static Service,
}

pub(crate) static MEMBERS: [Member; 5] = [
    Member { name: "gateway", like: &FRONTEND },
    Member { name: "api", like: &CATALOG },
    Member { name: "worker", like: &RECOMMENDATION },
    Member { name: "store", like: &AD },
    Member { name: "events", like: &CHECKOUT },
];

impl Member {
    /// The service's name in the team of this number.
    pub(crate) fn name_in(&self, team: usize) -> String {
        let word = |words: &[&'static str], number: usize| {
            words.get(number % words.len()).copied().unwrap_or_default()
        };
        format!("{}-{}-{}", word(&PLACES, team / TRADES.len()), word(&TRADES, team), self.name)
    }
}
