//! What was received and is neither durable nor refused yet.

use std::collections::BTreeSet;

use tokio::sync::watch;

/// Knows which receipts are open. Clones know the same ones.
#[derive(Debug, Clone, Default)]
pub(crate) struct Receipts(watch::Sender<Open>);

/// Stands for spans that were received, until it is dropped.
#[derive(Debug)]
pub(crate) struct Receipt {
    number: u64,
    receipts: Receipts,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    numbers: BTreeSet<u64>,
}

// === impl Receipts ===

impl Receipts {
    /// A receipt for spans that are just received.
    pub(crate) fn issue(&self) -> Receipt {
        let mut number = 0;
        self.0.send_if_modified(|open| {
            number = open.next;
            open.next += 1;
            open.numbers.insert(number);
            // Nobody waits for more to come.
            false
        });
        Receipt { number, receipts: self.clone() }
    }

    /// Waits until none is open that was issued before this call. Those that come later are not waited for, so this
    /// ends however busy the server is.
    pub(crate) async fn settled(&self) {
        let mut open = self.0.subscribe();
        let next = open.borrow().next;
        // The sender is `self`, so it cannot be gone.
        let _settled = open.wait_for(|open| open.numbers.first().is_none_or(|first| *first >= next)).await;
    }
}

// === impl Receipt ===

impl Drop for Receipt {
    fn drop(&mut self) {
        self.receipts.0.send_modify(|open| {
            open.numbers.remove(&self.number);
        });
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn what_was_received_before_is_waited_for_and_what_comes_later_is_not() {
        let receipts = Receipts::default();
        receipts.settled().await;
        let (first, second) = (receipts.issue(), receipts.issue());
        let mut settled = Box::pin(receipts.settled());
        assert!(settled.as_mut().now_or_never().is_none());
        let _later = receipts.issue();
        drop(second);
        assert!(settled.as_mut().now_or_never().is_none());
        drop(first);
        settled.await;
    }
}
