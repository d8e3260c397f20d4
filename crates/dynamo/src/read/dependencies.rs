//! Dependencies: from the contributions of windows, or sums of them.

use std::collections::BTreeSet;

use jaeger_dynamodb_core::edges::{EdgeBucket, Edges};
use jaeger_dynamodb_core::{DependencyLink, DependencyQuery, StoreError, StoreErrorKind, Tenant};
use serde_dynamo::Item;

use super::{QueryContext, Reader};
use crate::bytes::DecodeError;
use crate::capacity::Purpose;
use crate::client::{Consistency, Query, SortRange};
use crate::dependencies::{Head, PART_IS_MISSING, Plan, Wanted, What, merge_chunks};
use crate::item::{bytes, is_expired, sort_key};
use crate::keys::{self, attribute};
use crate::period::{Level, Reach, epochs};
use crate::queries::heads_query;
use crate::schema::Table;
use crate::window::{MAX_OPEN_SECONDS, Window};

/// By how much data may be older than the retention of the settings before the oldest is looked for.
const RETENTION_MARGIN: u64 = 24 * 3600;

/// More edges, of different pairs or times, are not summed up for one query.
const MOST_EDGES: usize = 1_000_000;

/// What is summed up so far.
struct Sum {
    /// With latencies, or without.
    what: What,
    /// All calls are counted in this bucket, if in any one.
    bucket: Option<EdgeBucket>,
    edges: Edges,
}

impl Reader {
    /// What Jaeger is told about the range.
    pub(crate) async fn dependencies(
        &self,
        tenant: &Tenant,
        query: &DependencyQuery,
    ) -> Result<Vec<DependencyLink>, StoreError> {
        let Some(buckets) = query.buckets() else { return Ok(Vec::new()) };
        // What is told does not say when.
        let sum = Sum { what: What::Calls, bucket: Some(*buckets.start()), edges: Edges::default() };
        Ok(self.sum(tenant, query, sum).await?.links(query))
    }

    /// The sums of all sources over the range, with latencies; calls of whole days and of whole
    /// four hours may be in their first bucket.
    pub(crate) async fn edges(&self, tenant: &Tenant, query: &DependencyQuery) -> Result<Edges, StoreError> {
        self.sum(tenant, query, Sum { what: What::Latencies, bucket: None, edges: Edges::default() }).await
    }

    async fn sum(&self, tenant: &Tenant, query: &DependencyQuery, mut sum: Sum) -> Result<Edges, StoreError> {
        let Some(buckets) = query.buckets() else { return Ok(Edges::default()) };
        let context = self.query(tenant);
        let now = self.client.service_seconds();
        let start = self.not_before_all(&context, buckets.start().start(), now).await?;
        // Nothing is counted later than the window that it came in.
        let end = buckets.end().start().saturating_add(Level::Window.seconds());
        let end = end.min(Level::Window.ceil(now.saturating_add(MAX_OPEN_SECONDS)));
        let mut plan = Plan::new(start..end.max(start), Reach::new(self.config.dependency_horizon), now);
        let days = self.add(&context, &plan, Level::Day, plan.days(), &mut sum).await?;
        plan.found_days(&days);
        let hours = self.add(&context, &plan, Level::FourHours, plan.hours(), &mut sum).await?;
        plan.found_hours(&hours);
        self.add(&context, &plan, Level::Window, plan.windows(), &mut sum).await?;
        Ok(sum.edges)
    }

    /// The start of what is asked for, or of what there is: a client may ask for all time.
    async fn not_before_all(&self, context: &QueryContext, start: u64, now: u64) -> Result<u64, StoreError> {
        let margin = self.config.retention.as_secs().saturating_add(RETENTION_MARGIN);
        if start >= now.saturating_sub(margin) {
            return Ok(start);
        }
        let query = Query {
            table: Table::Windows,
            purpose: Purpose::Dependencies,
            partition: keys::windows(&context.tenant),
            sort: SortRange::All,
            consistency: Consistency::Eventual,
            limit: 1,
            attributes: Some(&[attribute::SORT]),
        };
        let page = self.client.page(&query, None, self.deadline()).await?;
        context.budget.spend(page.read_units)?;
        let oldest = page.items.first().and_then(|item| Window::of_item(item).ok());
        let oldest = oldest.map_or(now, Window::start);
        let reach =
            self.config.dependency_horizon.as_secs().saturating_mul(2).saturating_add(MAX_OPEN_SECONDS);
        Ok(start.max(Level::Window.floor(oldest.saturating_sub(reach))))
    }

    /// Adds what the items of a level tell, and answers with the starts of what they sum up.
    async fn add(
        &self,
        context: &QueryContext,
        plan: &Plan,
        level: Level,
        wanted: Wanted,
        sum: &mut Sum,
    ) -> Result<BTreeSet<u64>, StoreError> {
        let mut found = BTreeSet::new();
        for (item, start) in self.heads(context, level, &wanted).await? {
            let at = |bucket| sum.bucket.unwrap_or(bucket);
            let place = |bucket| plan.takes(level, start, bucket).then(|| at(bucket));
            match self.item_edges(context, &item, place, sum.what).await? {
                Ok(edges) => {
                    found.insert(start);
                    sum.edges.add(&edges);
                }
                // Instead of sums, what they are made of is read.
                Err(error) => {
                    metrics::counter!("jaeger_dynamodb_damaged_items_total").increment(1);
                    tracing::error!(error = %error, level = ?level, start, "a contribution of edges cannot be read");
                }
            }
            if sum.edges.iter().len() > MOST_EDGES {
                let message = "too many services call each other in this range: ask for a shorter one";
                return Err(StoreError::new(StoreErrorKind::LimitExceeded, message));
            }
        }
        Ok(found)
    }

    /// The unexpired items of a level, each with the start of what it sums up.
    async fn heads(
        &self,
        context: &QueryContext,
        level: Level,
        wanted: &Wanted,
    ) -> Result<Vec<(Item, u64)>, StoreError> {
        let mut heads = Vec::new();
        let now = self.client.service_time().at_least();
        for (epoch, starts) in wanted.iter().flat_map(epochs) {
            let query = heads_query(&context.tenant, level, epoch, &starts, Consistency::Eventual);
            for item in self.all(context, &query).await? {
                let start = sort_key(&item).ok().and_then(|sort| keys::start_of(sort).ok());
                let is_wanted = |start: &u64| starts.contains(start) && !is_expired(&item, now);
                heads.extend(start.filter(is_wanted).map(|start| (item.clone(), start)));
            }
        }
        Ok(heads)
    }

    /// The edges of a contribution that are wanted, each where it is wanted.
    async fn item_edges(
        &self,
        context: &QueryContext,
        item: &Item,
        place: impl Fn(EdgeBucket) -> Option<EdgeBucket>,
        what: What,
    ) -> Result<Result<Edges, DecodeError>, StoreError> {
        let (sort, head) = match sort_key(item).and_then(|sort| Ok((sort, Head::of_item(item)?))) {
            Ok(found) => found,
            Err(error) => return Ok(Err(error)),
        };
        let parts = head.parts(what);
        let mut chunks = vec![head.first.0];
        for part in parts {
            let key = keys::dependency_part(&context.tenant, sort, head.run, part);
            let Some(content) = self.dependency_part(context, key).await? else {
                return Ok(Err(PART_IS_MISSING));
            };
            chunks.push(content);
        }
        Ok(merge_chunks(chunks.iter().map(Vec::as_slice), place))
    }

    async fn dependency_part(
        &self,
        context: &QueryContext,
        key: keys::Key,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        for consistency in [Consistency::Eventual, Consistency::Strong] {
            let (table, purpose) = (Table::Dependencies, Purpose::Dependencies);
            let found = self.get(context, table, key.clone(), consistency, purpose).await?;
            if let Some(content) = found.as_ref().and_then(|item| bytes(item, attribute::CONTENT)) {
                return Ok(Some(content.to_vec()));
            }
        }
        Ok(None)
    }
}
