//! Requests that come twice, as when the answer to the first was lost.

use std::{collections::VecDeque, iter::Peekable, time::Duration};

use crate::due::Due;

/// All requests, in order of time, each once more a while later.
pub(crate) struct Repeated<I: Iterator<Item = Due>> {
    requests: Peekable<I>,
    again: VecDeque<Due>,
    after: Duration,
}

// === impl Repeated ===

impl<I: Iterator<Item = Due>> Repeated<I> {
    pub(crate) fn new(requests: I, after: Duration) -> Self {
        Self { requests: requests.peekable(), again: VecDeque::new(), after }
    }
}

impl<I: Iterator<Item = Due>> Iterator for Repeated<I> {
    type Item = Due;

    fn next(&mut self) -> Option<Due> {
        let next_at = self.requests.peek().map(|request| request.at);
        if let Some(again) = self.again.pop_front_if(|again| next_at.is_none_or(|at| again.at <= at)) {
            return Some(again);
        }
        let request = self.requests.next()?;
        self.again.push_back(Due { at: request.at.saturating_add(self.after), ..request.clone() });
        Some(request)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn every_request_comes_once_more_and_all_are_in_order_of_time() {
        let due = |at: u64, message: &'static str| Due {
            at: Duration::from_secs(at),
            spans: 7,
            message: Bytes::from_static(message.as_bytes()),
        };
        let requests = [due(0, "a"), due(1, "b"), due(2, "c"), due(9, "d")];
        let repeated = Repeated::new(requests.into_iter(), Duration::from_secs(2));
        let expected = [(0, "a"), (1, "b"), (2, "a"), (2, "c"), (3, "b"), (4, "c"), (9, "d"), (11, "d")];
        let found: Vec<_> = repeated.inspect(|request| assert_eq!(request.spans, 7)).collect();
        let found: Vec<_> = found.iter().map(|request| (request.at.as_secs(), &*request.message)).collect();
        assert_eq!(found, expected.map(|(at, message)| (at, message.as_bytes())));
    }
}
