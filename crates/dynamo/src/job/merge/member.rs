//! The pointers of one member of a block, read bucket by bucket in the order of hashes.

use std::collections::VecDeque;

use jaeger_dynamodb_core::{StoreError, Tenant};
use serde_dynamo::Item;
use thiserror::Error;

use super::super::Job;
use crate::bytes::DecodeError;
use crate::capacity::Purpose;
use crate::client::{Consistency, Query, SortRange};
use crate::derived::{Pointer, PointerBucket};
use crate::item::{bytes, sort_key};
use crate::keys::{self, Run, attribute};
use crate::schema::Table;
use crate::window::Window;

/// What reading a member's pointers meets.
#[derive(Debug, Error)]
pub(super) enum MemberError {
    /// They are not all there, or cannot be read: the member has to be left out.
    #[error("the pointers of the window at {} cannot be merged: {error}", window.start())]
    Damaged { window: Window, error: DecodeError },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How far a member is read.
#[derive(Debug)]
pub(super) struct MemberPointers<'a> {
    job: &'a Job,
    tenant: &'a Tenant,
    window: Window,
    run: Run,
    /// Position among the block's members, which its pointers are to name.
    position: u32,
    buckets: u32,
    next_bucket: u32,
    page_items: i32,
    /// In the order of hashes.
    read: VecDeque<Pointer>,
    read_pointers: usize,
    read_bytes: usize,
}

impl<'a> MemberPointers<'a> {
    pub(super) fn new(
        (job, tenant): (&'a Job, &'a Tenant),
        (window, run): (Window, Run),
        position: u32,
        buckets: u32,
        page_items: i32,
    ) -> Self {
        Self {
            job,
            tenant,
            window,
            run,
            position,
            buckets,
            next_bucket: 0,
            page_items,
            read: VecDeque::new(),
            read_pointers: 0,
            read_bytes: 0,
        }
    }

    /// How many pointers and bytes the member has in all, judged by what was read of it. Hashes fall evenly.
    pub(super) fn expected(&self) -> (usize, usize) {
        let scale = |read: usize| {
            let scaled =
                (read as u64).saturating_mul(self.buckets.into()) / u64::from(self.next_bucket.max(1));
            usize::try_from(scaled).unwrap_or(usize::MAX)
        };
        (scale(self.read_pointers), scale(self.read_bytes))
    }

    /// Moves the pointers that come next and are `wanted` to the end of `taken`.
    pub(super) async fn take_while(
        &mut self,
        wanted: impl Fn(&Pointer) -> bool,
        taken: &mut Vec<Pointer>,
    ) -> Result<(), MemberError> {
        loop {
            while let Some(pointer) = self.read.pop_front_if(|pointer| wanted(pointer)) {
                taken.push(pointer);
            }
            if !self.read.is_empty() || self.next_bucket >= self.buckets {
                return Ok(());
            }
            self.read_page().await?;
        }
    }

    /// Reads some buckets more.
    pub(super) async fn read_page(&mut self) -> Result<(), MemberError> {
        if self.next_bucket >= self.buckets {
            return Ok(());
        }
        let first = keys::pointers(self.tenant, self.window, self.run, self.next_bucket, 0);
        let last = keys::pointers(self.tenant, self.window, self.run, self.buckets - 1, u16::MAX);
        let query = Query {
            table: Table::Index,
            purpose: Purpose::JobRead,
            partition: first.partition,
            sort: SortRange::Between(first.sort, last.sort),
            consistency: Consistency::Strong,
            limit: self.page_items,
            attributes: None,
        };
        let (mut items, mut start, before) = (Vec::new(), None, self.next_bucket);
        loop {
            let page = self.job.context.client.page(&query, start, self.job.deadline()).await;
            let page = page.map_err(StoreError::from)?;
            items.extend(page.items);
            start = page.next;
            let window = self.window;
            self.take_buckets(&items).map_err(|error| MemberError::Damaged { window, error })?;
            if self.next_bucket > before {
                return Ok(());
            }
            // Otherwise a single bucket has more parts than a page.
            if start.is_none() {
                let error = DecodeError::Invalid("a bucket of pointers is missing");
                return Err(MemberError::Damaged { window, error });
            }
        }
    }

    /// Takes the buckets that are complete, from the next one on.
    fn take_buckets(&mut self, items: &[Item]) -> Result<(), DecodeError> {
        let mut rest = items;
        while let Some(first) = rest.first() {
            let count = usize::from(self.parts_of_next(first)?);
            let Some((parts, others)) = rest.split_at_checked(count) else { return Ok(()) };
            let contents = parts.iter().map(|item| self.content(item)).collect::<Result<Vec<_>, _>>()?;
            let (position, before) = (self.position, self.read.len());
            let pointers = PointerBucket::decode(&contents)?.into_iter();
            self.read.extend(pointers.map(|pointer| Pointer { window: position, ..pointer }));
            self.read_pointers += self.read.len() - before;
            self.read_bytes += contents.iter().map(|content| content.len()).sum::<usize>();
            self.next_bucket += 1;
            rest = others;
        }
        Ok(())
    }

    /// How many items the next bucket has, if this is its first.
    fn parts_of_next(&self, first: &Item) -> Result<u16, DecodeError> {
        let expected = keys::pointers(self.tenant, self.window, self.run, self.next_bucket, 0).sort;
        if sort_key(first)? != expected {
            return Err(DecodeError::Invalid("a bucket of pointers is missing"));
        }
        PointerBucket::part_count(content(first)?).map(|count| count.max(1))
    }

    /// The content of an item that must belong to the next bucket.
    fn content<'i>(&self, item: &'i Item) -> Result<&'i [u8], DecodeError> {
        if !sort_key(item)?.starts_with(&self.next_bucket.to_be_bytes()) {
            return Err(DecodeError::Invalid("a part of a bucket of pointers is missing"));
        }
        content(item)
    }
}

fn content(item: &Item) -> Result<&[u8], DecodeError> {
    bytes(item, attribute::CONTENT).ok_or(DecodeError::Invalid("a bucket of pointers without content"))
}
