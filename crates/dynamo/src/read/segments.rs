//! Parts of segments: one query for those that stand side by side, held against the keys that the manifest names.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use futures::stream::{self, StreamExt, TryStreamExt};
use jaeger_dynamodb_core::Predicate;

use super::derived_items::Failure;
use super::known::Source;
use super::plan::Step;
use super::{QueryContext, Reader};
use crate::capacity::Purpose;
use crate::client::{Consistency, Query, SortRange};
use crate::derived::{EntriesPart, ListsPart, Manifest, PartKey};
use crate::item::{bytes, sort_key};
use crate::keys::{self, Key, PartHalf, attribute};
use crate::schema::Table;
use crate::window::WindowItem;

/// Parts in a page: of about 32 KB each, they fill no more than a response holds.
const PAGE_ITEMS: i32 = 32;

/// A part of a window's segments.
#[derive(Debug)]
pub(super) struct ReadPart {
    pub(super) item: Arc<WindowItem>,
    pub(super) manifest: Arc<Manifest>,
    pub(super) entries: EntriesPart,
    /// `None` if nothing in the query can be looked up in lists.
    pub(super) lists: Option<ListsPart>,
}

impl Reader {
    /// Parts of a step, without those whose lists say that nothing in them satisfies the predicate; without a predicate
    /// no lists are read.
    pub(super) async fn parts(
        &self,
        context: &QueryContext,
        step: &Step,
        range: Range<usize>,
        predicate: Option<&Predicate>,
    ) -> Result<Vec<ReadPart>, Failure> {
        let source = Source::Window(step.item.window);
        let keys = step.parts().get(range).unwrap_or_default();
        let damaged = |error| self.damaged(source, error);
        let part = |entries: Vec<u8>, lists| {
            let entries = EntriesPart::decode(&entries).map_err(damaged)?;
            Ok(ReadPart {
                item: Arc::clone(&step.item),
                manifest: Arc::clone(&step.manifest),
                entries,
                lists,
            })
        };
        let Some(predicate) = predicate else {
            let entries = self.halves(context, step, PartHalf::Entries, keys).await?;
            return entries.into_iter().map(|(_, entries)| part(entries, None)).collect();
        };
        let mut hits = Vec::new();
        for (key, lists) in self.halves(context, step, PartHalf::Lists, keys).await? {
            let lists = ListsPart::decode(&lists).map_err(damaged)?;
            if lists.may_match_any(predicate) {
                hits.push((key, lists));
            }
        }
        let reads = hits.into_iter().map(|(key, lists)| async move {
            let half = self.halves(context, step, PartHalf::Entries, &[key]).await?;
            half.into_iter().map(|(_, entries)| part(entries, Some(lists.clone()))).next().transpose()
        });
        let parts = stream::iter(reads).buffered(self.config.read_concurrency);
        parts.try_filter_map(|part| async move { Ok(part) }).try_collect().await
    }

    /// The halves of parts that stand side by side; none if the window has expired meanwhile.
    async fn halves(
        &self,
        context: &QueryContext,
        step: &Step,
        half: PartHalf,
        keys: &[PartKey],
    ) -> Result<Vec<(PartKey, Vec<u8>)>, Failure> {
        let source = Source::Window(step.item.window);
        let partition = keys::segment(&context.tenant, step.item.window, step.manifest.run, step.group);
        let sort = |key: &PartKey| keys::part_sort(half, key.newest, key.part);
        if let [key] = keys {
            let expiry = Some(step.item.terms.expiry);
            let item = Key { partition, sort: sort(key) };
            let content = self.derived_item(context, source, expiry, item, Purpose::Segment).await?;
            return Ok(content.map(|content| (*key, content)).into_iter().collect());
        }
        let [Some(first), Some(last)] = [keys.first(), keys.last()] else { return Ok(Vec::new()) };
        for consistency in [Consistency::Eventual, Consistency::Strong] {
            let query = Query {
                table: Table::Index,
                purpose: Purpose::Segment,
                partition: partition.clone(),
                sort: SortRange::Between(sort(first), sort(last)),
                consistency,
                limit: PAGE_ITEMS,
                attributes: None,
            };
            let items = self.all(context, &query).await?;
            let mut contents: HashMap<Vec<u8>, Vec<u8>> = items
                .iter()
                .filter_map(|item| {
                    Some((sort_key(item).ok()?.to_vec(), bytes(item, attribute::CONTENT)?.to_vec()))
                })
                .collect();
            let found: Option<Vec<_>> =
                keys.iter().map(|key| Some((*key, contents.remove(&sort(key))?))).collect();
            if let Some(found) = found {
                return Ok(found);
            }
        }
        self.missing(source, Some(step.item.terms.expiry)).map(|()| Vec::new())
    }
}
