//! Processes on one engine, and what stands in its tables.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use jaeger_dynamodb_core::{Clock, MemoryStore, Span, Tenant, TraceQuery, TraceWriter};
use jaeger_dynamodb_dynamo::{DynamoStore, JobMode, Maintenance, RoundReport, StoreConfig};
use jaeger_dynamodb_testkit::conformance::assert_same_answers;
use jaeger_dynamodb_testkit::fixtures::otlp_span;
use jaeger_dynamodb_testkit::{EngineHandle, RequestInfo, TestEngine};
use jaeger_dynamodb_tests::{AnyError, aws_config, open, tokio_clock};

pub(super) type Item = HashMap<String, AttributeValue>;

/// Long enough for a claim to be nobody's.
pub(super) const LEASE: Duration = Duration::from_secs(125);

pub(super) const WINDOW: Duration = Duration::from_secs(300);

/// Until the last window is closed, and a little longer.
pub(super) const CLOSED: Duration = Duration::from_secs(365);

pub(super) struct World {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) engine: TestEngine,
    pub(super) config: StoreConfig,
    pub(super) reference: MemoryStore,
    pub(super) tenant: Tenant,
    pub(super) opened: Mutex<u64>,
}

impl World {
    pub(super) fn new() -> Result<Self, AnyError> {
        Self::with(aws_config())
    }

    pub(super) fn with(config: StoreConfig) -> Result<Self, AnyError> {
        let clock = tokio_clock();
        let engine = TestEngine::new(Arc::clone(&clock))?;
        let (reference, tenant, opened) = (MemoryStore::new(), Tenant::default(), Mutex::new(0));
        Ok(Self { clock, engine, config, reference, tenant, opened })
    }

    pub(super) async fn open(&self) -> Result<(EngineHandle, Arc<DynamoStore>), AnyError> {
        let number = self.opened.lock().map(|mut opened| {
            *opened += 1;
            *opened
        });
        let number = number.unwrap_or_default();
        let handle = self.engine.handle(&format!("process {number}"));
        let store = open(&handle, Arc::clone(&self.clock), self.config.clone(), number).await?;
        Ok((handle, store))
    }

    /// A process that does nothing but maintenance.
    pub(super) async fn runner(&self, mode: JobMode) -> Result<(EngineHandle, Maintenance), AnyError> {
        let (handle, store) = self.open().await?;
        Ok((handle, store.maintenance(mode, vec![self.tenant.clone()])))
    }

    /// Writes two commits into each of so many windows, and waits until all are closed.
    pub(super) async fn fill(&self, windows: u64) -> Result<(), AnyError> {
        let (_, writer) = self.open().await?;
        for window in 0..windows {
            for half in 0..2 {
                let mut spans = Vec::new();
                for number in 0..10 {
                    let mut span = otlp_span(1 + window * 20 + half * 10 + number, 1, "shop");
                    span.name = format!("operation {}", number % 3);
                    spans.push(Span::Otlp(span));
                }
                writer.write_spans(&self.tenant, spans.clone()).await?;
                self.reference.write_spans(&self.tenant, spans).await?;
            }
            self.clock.sleep(WINDOW).await;
        }
        self.clock.sleep(CLOSED - WINDOW).await;
        Ok(())
    }

    pub(super) async fn items(&self, table: &str) -> Result<Vec<Item>, AnyError> {
        let client = self.engine.handle("inspector").client();
        let mut pages = client.scan().table_name(table).consistent_read(true).into_paginator().send();
        let mut items = Vec::new();
        while let Some(page) = pages.next().await {
            items.extend(page?.items.unwrap_or_default());
        }
        Ok(items)
    }

    /// Items of the index of one kind, by the byte behind the tenant in their partition keys.
    pub(super) async fn index(&self, kind: u8) -> Result<Vec<Item>, AnyError> {
        let mut items = self.items("jaeger.index").await?;
        items.retain(|item| bytes(item, "pk")[1] == kind);
        Ok(items)
    }

    /// Items of windows, oldest first.
    pub(super) async fn windows(&self) -> Result<Vec<Item>, AnyError> {
        let mut items = self.items("jaeger.windows").await?;
        items.retain(|item| item.contains_key("lanes"));
        items.sort_by_key(|item| bytes(item, "sk"));
        Ok(items)
    }

    pub(super) async fn manifests(&self) -> Result<Vec<Vec<u8>>, AnyError> {
        let windows = self.windows().await?;
        Ok(windows
            .iter()
            .filter(|item| item.contains_key("manifest"))
            .map(|item| bytes(item, "manifest"))
            .collect())
    }

    /// The derived items of each run: those of segments and of pointers.
    pub(super) async fn runs(&self) -> Result<BTreeMap<Vec<u8>, usize>, AnyError> {
        let mut runs = BTreeMap::new();
        for kind in [b's', b't'] {
            for item in self.index(kind).await? {
                // tenant (1), kind (1), window (12), run (8).
                *runs.entry(bytes(&item, "pk")[14..22].to_vec()).or_default() += 1;
            }
        }
        Ok(runs)
    }

    /// Every window is done, every run that a manifest names has all of its items, and the catalog is right.
    pub(super) async fn everything_is_derived(&self, items_of_a_run: usize) -> Result<(), AnyError> {
        let (windows, runs) = (self.windows().await?, self.runs().await?);
        for window in &windows {
            let manifest = bytes(window, "manifest");
            let of_manifest =
                runs.iter().filter(|(run, _)| manifest.windows(8).any(|bytes| bytes == run.as_slice()));
            let counts: Vec<_> = of_manifest.map(|(_, count)| *count).collect();
            assert_eq!(counts, [items_of_a_run]);
        }
        assert_eq!(self.catalog().await?, BTreeMap::from([("shop".to_owned(), operations(0..3))]));
        Ok(())
    }

    /// Names of services with names of their operations, whatever the kind.
    pub(super) async fn catalog(&self) -> Result<BTreeMap<String, BTreeSet<String>>, AnyError> {
        let mut services: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for item in self.index(b'c').await? {
            let names = services.entry(String::from_utf8(bytes(&item, "sk"))?).or_default();
            if let Some(AttributeValue::Bs(operations)) = item.get("operations") {
                for operation in operations {
                    names.insert(String::from_utf8(operation.as_ref()[1..].to_vec())?);
                }
            }
        }
        Ok(services)
    }

    pub(super) async fn answers_are_right(&self) -> Result<(), AnyError> {
        let (_, cold) = self.open().await?;
        assert_same_answers(&self.reference, &*cold, &self.tenant, &[TraceQuery::default()]).await?;
        Ok(())
    }

    /// Replaces the first record's content.
    pub(super) async fn damage_a_record(&self, content: Vec<u8>) -> Result<(), AnyError> {
        let mut items = self.items("jaeger.spans").await?;
        items.retain(|item| item.contains_key("record"));
        let mut item = items.into_iter().min_by_key(|item| bytes(item, "pk")).ok_or("no record")?;
        item.insert("record".to_owned(), AttributeValue::B(Blob::new(content)));
        let client = self.engine.handle("vandal").client();
        client.put_item().table_name("jaeger.spans").set_item(Some(item)).send().await?;
        Ok(())
    }

    pub(super) async fn delete_claims(&self) -> Result<(), AnyError> {
        let client = self.engine.handle("vandal").client();
        for claim in self.index(b'j').await? {
            let delete = client.delete_item().table_name("jaeger.index");
            let delete = delete.key("pk", claim["pk"].clone()).key("sk", claim["sk"].clone());
            delete.send().await?;
        }
        Ok(())
    }
}

pub(super) fn bytes(item: &Item, name: &str) -> Vec<u8> {
    match item.get(name) {
        Some(AttributeValue::B(bytes)) => bytes.as_ref().to_vec(),
        _ => Vec::new(),
    }
}

pub(super) fn operations(numbers: std::ops::Range<u64>) -> BTreeSet<String> {
    numbers.map(|number| format!("operation {number}")).collect()
}

pub(super) fn is_publication(request: &RequestInfo) -> bool {
    request.is("UpdateItem", "jaeger.windows")
        && request.body["UpdateExpression"].as_str().is_some_and(|text| text.contains("#manifest ="))
}

pub(super) fn done(windows: usize) -> RoundReport {
    RoundReport { sealed: windows, derived: windows, edges: windows, ..RoundReport::default() }
}

/// Items of the run over one window of [`World::fill`].
pub(super) async fn items_of_a_run() -> Result<usize, AnyError> {
    let world = World::new()?;
    world.fill(1).await?;
    let (_, runner) = world.runner(JobMode::InProcess).await?;
    assert_eq!(runner.round().await?, done(1));
    let runs = world.runs().await?;
    assert_eq!(runs.len(), 1);
    Ok(runs.into_values().sum())
}
