//! What the archive answers.

use std::sync::Arc;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue as SdkValue;
use futures::TryStreamExt;
use jaeger_dynamodb_core::edges::EdgeSources;
use jaeger_dynamodb_core::{
    DependencyQuery, DependencyReader, MemoryStore, OperationQuery, SearchCapabilities, Span, StoreError,
    StoreErrorKind, Tenant, TraceId, TraceQuery, TraceReader, TraceRef, TraceWriter,
};
use jaeger_dynamodb_dynamo::StoreConfig;
use jaeger_dynamodb_testkit::fixtures::trace_id;
use jaeger_dynamodb_testkit::strategies::batches;
use jaeger_dynamodb_testkit::{ManualClock, StaleReads, TestEngine};
use jaeger_dynamodb_tests::{AnyError, NOW, aws_config, tokio_clock};
use proptest::prelude::*;

use super::world::{TABLE, World, answer, large_span, same_without_order, small_span, spans_of};

fn world() -> Result<World, AnyError> {
    World::new(Arc::new(ManualClock::at(NOW)))
}

async fn comes_back(batches: Vec<Vec<Span>>) -> Result<(), AnyError> {
    let clock = tokio_clock();
    let engine = TestEngine::with_stale_reads(Arc::clone(&clock), StaleReads::default())?;
    let world = World { clock, engine };
    let (writer, reader) = (world.server("writer").await?, world.server("reader").await?);
    let (reference, tenant) = (MemoryStore::new(), Tenant::default());
    let ids: Vec<TraceId> = batches.iter().flatten().map(Span::trace_id).rev().collect();
    for batch in batches {
        reference.write_spans(&tenant, batch.clone()).await?;
        writer.archive.write_spans(&tenant, batch).await?;
    }
    let expected = answer(&reference, &tenant, &ids).await?;
    assert_eq!(answer(&reader.archive, &tenant, &ids).await?, expected);
    assert_eq!(answer(&*reader.store, &tenant, &ids).await?, [], "archived spans are not the main store's");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_was_archived_comes_back_exactly(batches in batches(0..6)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
        let outcome = runtime.block_on(comes_back(batches));
        prop_assert!(outcome.is_ok(), "{outcome:?}");
    }
}

#[tokio::test]
async fn traces_are_answered_once_in_the_order_asked_and_unknown_ones_left_out() -> Result<(), AnyError> {
    let world = world()?;
    let server = world.server("server").await?;
    let tenant = Tenant::default();
    let spans = (1..=3).flat_map(|trace| [small_span(trace, 1), small_span(trace, 2)]).collect();
    server.archive.write_spans(&tenant, spans).await?;
    let ids = [3, 9, 1, 3, 2, 1].map(trace_id);
    let found = answer(&server.archive, &tenant, &ids).await?;
    let found: Vec<_> = found.into_iter().map(|(id, spans)| (id, spans.len())).collect();
    assert_eq!(found, [(trace_id(3), 2), (trace_id(1), 2), (trace_id(2), 2)]);
    Ok(())
}

#[tokio::test]
async fn spans_larger_than_an_item_come_back_among_others() -> Result<(), AnyError> {
    let world = world()?;
    let server = world.server("server").await?;
    let spans = vec![
        large_span(1, 1, 5_000_000),
        small_span(1, 2),
        large_span(1, 3, 500_000),
        large_span(1, 4, 500_000),
        small_span(1, 5),
    ];
    server.archive.write_spans(&Tenant::default(), spans.clone()).await?;
    assert_eq!(world.items().await?.len(), 13 + 1 + 2 + 2 + 1);
    assert!(same_without_order(&spans_of(&server.archive, trace_id(1)).await?, &spans));
    Ok(())
}

#[tokio::test]
async fn archived_traces_survive_a_purge_of_the_others() -> Result<(), AnyError> {
    let world = world()?;
    let server = world.server("server").await?;
    let (tenant, spans) = (Tenant::default(), vec![small_span(1, 1), small_span(1, 2)]);
    server.store.write_spans(&tenant, spans.clone()).await?;
    server.archive.write_spans(&tenant, spans.clone()).await?;
    server.store.purge(false).await?;
    assert_eq!(spans_of(&*server.store, trace_id(1)).await?, []);
    assert!(same_without_order(&spans_of(&server.archive, trace_id(1)).await?, &spans));
    server.store.purge(true).await?;
    assert_eq!(spans_of(&server.archive, trace_id(1)).await?, []);
    assert!(world.items().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn no_tenant_sees_what_another_has_archived() -> Result<(), AnyError> {
    let world = world()?;
    let server = world.server("server").await?;
    let tenants = [Tenant::default(), Tenant::new("a")?, Tenant::new("aa")?];
    for (tenant, id) in tenants.iter().zip(1..) {
        server.archive.write_spans(tenant, vec![small_span(1, id)]).await?;
    }
    for (tenant, id) in tenants.iter().zip(1..) {
        let found = answer(&server.archive, tenant, &[trace_id(1)]).await?;
        assert_eq!(found, [(trace_id(1), [(small_span(1, id), 1)].into())]);
    }
    let nobody = Tenant::new("b")?;
    assert_eq!(answer(&server.archive, &nobody, &[trace_id(1)]).await?, []);
    Ok(())
}

#[tokio::test]
async fn a_damaged_item_costs_its_span_only() -> Result<(), AnyError> {
    let world = world()?;
    let server = world.server("server").await?;
    let spans: Vec<_> = (1..=5).map(|id| small_span(1, id)).collect();
    server.archive.write_spans(&Tenant::default(), spans.clone()).await?;
    let items = world.items().await?;
    let [first, second, ..] = items.as_slice() else { return Err("items are missing".into()) };
    let put = |item| server.handle.client().put_item().table_name(TABLE).set_item(Some(item)).send();
    let mut garbage = first.clone();
    garbage.insert("pack".to_owned(), SdkValue::B(Blob::new("garbage")));
    put(garbage).await?;
    let mut empty = second.clone();
    empty.remove("pack");
    put(empty).await?;
    let found = spans_of(&server.archive, trace_id(1)).await?;
    assert_eq!(found.len(), 3);
    assert!(found.iter().all(|span| spans.contains(span)));
    // Whoever has the trace still can mend it.
    server.archive.write_spans(&Tenant::default(), spans.clone()).await?;
    assert!(same_without_order(&spans_of(&server.archive, trace_id(1)).await?, &spans));
    Ok(())
}

#[tokio::test]
async fn whatever_is_not_asked_by_id_is_refused_and_told_where_to_ask() -> Result<(), AnyError> {
    let world = world()?;
    let archive = world.server("server").await?.archive;
    let (tenant, query) = (Tenant::default(), TraceQuery::default());
    let operations = OperationQuery { service: "shop".to_owned(), span_kind: String::new() };
    let dependencies = DependencyQuery { start: NOW, end: NOW, sources: EdgeSources::default() };
    let refused: [Option<StoreError>; 6] = [
        archive.services(&tenant).await.err(),
        archive.operations(&tenant, operations).await.err(),
        archive.find_traces(&tenant, query.clone()).try_collect::<Vec<_>>().await.err(),
        archive.find_trace_ids(&tenant, query.clone()).await.err(),
        archive.find_trace_summaries(&tenant, query).try_collect::<Vec<_>>().await.err(),
        archive.dependencies(&tenant, dependencies).await.err(),
    ];
    for error in refused {
        let error = error.ok_or("it was answered")?;
        assert_eq!(error.kind(), StoreErrorKind::Unsupported);
        assert!(error.to_string().contains("by id"), "{error}");
    }
    assert_eq!(archive.capabilities(), SearchCapabilities::default());
    Ok(())
}

#[tokio::test]
async fn a_query_that_is_not_listened_to_any_more_stops_reading() -> Result<(), AnyError> {
    let world = world()?;
    let server = world.server("server").await?;
    let tenant = Tenant::default();
    server.archive.write_spans(&tenant, (1..=1000).map(|id| small_span(1, id)).collect()).await?;
    let before = world.traffic();
    let ids = vec![TraceRef::from(trace_id(1)), TraceRef::from(trace_id(2))];
    let mut chunks = server.archive.get_traces(&tenant, ids);
    assert!(chunks.try_next().await?.is_some());
    drop(chunks);
    assert_eq!(world.traffic().since(&before).of("Query", TABLE).requests, 1);
    Ok(())
}

#[tokio::test]
async fn a_query_that_costs_too_much_fails_and_an_error_ends_it() -> Result<(), AnyError> {
    let world = world()?;
    let writer = world.server("writer").await?;
    let config = StoreConfig { max_query_read_units: 150, ..aws_config() };
    let reader = world.server_with("reader", config).await?;
    let tenant = Tenant::default();
    writer.archive.write_spans(&tenant, vec![large_span(1, 1, 700_000), small_span(2, 1)]).await?;
    let ids = [2, 1, 2].map(|number| TraceRef::from(trace_id(number))).to_vec();
    let mut chunks = reader.archive.get_traces(&tenant, ids);
    assert!(chunks.try_next().await?.is_some());
    let error = chunks.try_next().await.err().ok_or("it was answered")?;
    assert_eq!(error.kind(), StoreErrorKind::LimitExceeded);
    assert!(chunks.try_next().await?.is_none());
    Ok(())
}
