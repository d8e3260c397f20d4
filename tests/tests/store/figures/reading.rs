//! What reading costs after twenty minutes of the demo at 1 000 spans a second, by a server that knows the manifests.

use std::time::Duration;

use futures::TryStreamExt;
use jaeger_dynamodb_core::{
    AttributeCondition, Predicate, Range, Tenant, TextForm, TraceQuery, TraceReader, UnixNanos,
};
use jaeger_dynamodb_dynamo::DynamoStore;
use jaeger_dynamodb_loadgen::Workload;
use jaeger_dynamodb_tests::{AnyError, NOW};

use super::world::{Cost, World, search, trace};
use super::writing::print_writing;

const SIMULATED_MINUTES: i64 = 20;
const SIMULATED: Duration = Duration::from_secs(20 * 60);
const DAY_OVER_SIMULATED: f64 = 72.0;

/// The demo's busiest service.
const BUSY: &str = "frontend";

fn absent() -> Predicate {
    Predicate::Attribute(AttributeCondition {
        key: "app.order.id".into(),
        text: "nobody has ordered this".into(),
        form: TextForm::V2,
    })
}

fn within(minutes: i64, predicates: Vec<Predicate>) -> TraceQuery {
    let min = UnixNanos::from_secs(SIMULATED_MINUTES * 60 - minutes * 60);
    let min = UnixNanos(NOW.0 + min.0);
    TraceQuery {
        start: Range { min: Some(min), max: None },
        predicate: Predicate::All(predicates),
        limit: 20.try_into().unwrap_or(TraceQuery::DEFAULT_LIMIT),
    }
}

#[tokio::test(start_paused = true)]
async fn twenty_minutes_of_the_demo() -> Result<(), AnyError> {
    let mut world = World::replay(Workload::demo(1), 1_000, SIMULATED).await?;
    let (units, stored) = print_writing("demo, 1000 spans/s, 20 minutes", &world);
    assert!(units <= 0.09, "{units} WRU a span");
    assert!(stored <= 85.0, "{stored} bytes a span");

    absent_values(&mut world).await?;
    latest_traces(&mut world).await?;
    traces_by_id(&mut world).await
}

async fn absent_values(world: &mut World) -> Result<(), AnyError> {
    let reader = world.reader().await?;
    let busy = || vec![Predicate::Service(BUSY.into()), absent()];
    for (name, predicates, limit) in [("with a service", busy(), 84.0), ("without", vec![absent()], 330.0)] {
        let (ids, half) = search(&reader, within(10, predicates.clone())).await?;
        let (more, whole) = search(&reader, within(20, predicates)).await?;
        assert!(ids.is_empty() && more.is_empty());
        println!(
            "absent value {name}: 10 minutes {:.1}, 20 minutes {:.1} RRU in {} requests; 24 h: {:.0} RRU",
            half.total(),
            whole.total(),
            whole.requests,
            whole.total() * DAY_OVER_SIMULATED,
        );
        assert!(whole.total() <= limit, "{whole:?}");
        // Windows do not begin at the minute: half the time is two windows or three.
        assert!(whole.total() <= 2.6 * half.total(), "{half:?} {whole:?}: not linear in time");
    }
    Ok(())
}

async fn latest_traces(world: &mut World) -> Result<(), AnyError> {
    let busy = vec![Predicate::Service(BUSY.into())];
    for (name, predicates) in [("a busy service", busy), ("any service", Vec::new())] {
        let reader = world.reader().await?;
        let found = until_found(&reader, within(20, predicates.clone())).await?;
        let (ids, all) = search(&reader, within(20, predicates)).await?;
        assert_eq!(ids.len(), 20);
        let mut each = Vec::new();
        for id in ids {
            each.push(trace(&reader, id).await?.1.total());
        }
        let mean = each.iter().sum::<f64>() / 20.0;
        let most = each.iter().copied().fold(0.0, f64::max);
        println!(
            "latest 20 traces of {name}: {:.1} RRU to find them, {:.1} in all with {} requests; each by itself {mean:.1}, \
             at most {most:.1}",
            found.total(),
            all.total(),
            all.requests,
        );
        if name == "a busy service" {
            assert!(found.total() <= 50.0, "{found:?}");
            assert!(most <= 50.0, "{most} for a trace");
            assert!(all.total() <= found.total() + 20.0 * 50.0, "{all:?}");
        }
    }
    Ok(())
}

/// What it costs until the first trace begins to be answered, without what then locates the traces.
async fn until_found(reader: &DynamoStore, query: TraceQuery) -> Result<Cost, AnyError> {
    let before = Cost::of(reader);
    let mut chunks = reader.find_traces(&Tenant::default(), query);
    chunks.try_next().await?;
    let cost = Cost::of(reader).since(before);
    Ok(Cost { index: cost.index - cost.pointers, ..cost })
}

async fn traces_by_id(world: &mut World) -> Result<(), AnyError> {
    let reader = world.reader().await?;
    let (mut spans, mut index, mut packs) = (0, 0.0, 0.0);
    let ids: Vec<_> = world.traces.iter().copied().take(100).collect();
    for id in &ids {
        let (found, cost) = trace(&reader, *id).await?;
        assert!(found > 0);
        spans += found;
        index += cost.index;
        packs += cost.packs;
    }
    let count = ids.len() as f64;
    println!(
        "trace by id, 20 minutes: {:.1} RRU and {:.1} of packs, mean of {count} traces of {:.1} spans",
        index / count,
        packs / count,
        spans as f64 / count,
    );
    Ok(())
}
