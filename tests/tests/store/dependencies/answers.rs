//! What Jaeger is told, over both of its APIs, and how late.

use std::sync::Arc;
use std::time::Duration;

use futures::future::try_join;
use jaeger_dynamodb_core::edges::EdgeSources;
use jaeger_dynamodb_core::{
    Clock, DependencyQuery, DependencyReader, Span, SpanKind, Tenant, UnixNanos, otlp,
};
use jaeger_dynamodb_dynamo::{JobMode, StoreConfig};
use jaeger_dynamodb_grpc::{GrpcConfig, Stores, router};
use jaeger_dynamodb_testkit::conformance::{Form, assert_dependencies};
use jaeger_dynamodb_testkit::fixtures::{otlp_span, span_id};
use jaeger_dynamodb_testkit::{GrpcStore, GrpcV1Store, TestEngine};
use jaeger_dynamodb_tests::{AnyError, DerivingWriter, NOW, aws_config, open, tokio_clock};
use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;

use super::world::World;

/// Everything, whenever it was.
pub(super) fn always() -> DependencyQuery {
    let end = UnixNanos::from_secs(4_000_000_000);
    DependencyQuery { start: UnixNanos(0), end, sources: EdgeSources::default() }
}

/// A caller and a called span that start now.
pub(super) fn call(world: &World, trace: u64) -> [Span; 2] {
    let seconds = u64::try_from(NOW.0 / 1_000_000_000).unwrap_or_default() + world.elapsed().as_secs();
    let span = |own, service| otlp::Span {
        start_time_unix_nano: seconds * 1_000_000_000,
        end_time_unix_nano: seconds * 1_000_000_000 + 1000,
        kind: SpanKind::Server,
        ..otlp_span(trace, own, service)
    };
    let called = otlp::Span { parent_span_id: Some(span_id(1)), ..span(2, "cart") };
    [Span::Otlp(span(1, "web")), Span::Otlp(called)]
}

#[tokio::test(start_paused = true)]
async fn both_forms_are_answered_as_the_reference_does() -> Result<(), AnyError> {
    for (form, config) in [(Form::Otlp, aws_config()), (Form::V1, StoreConfig::embedded())] {
        let clock = tokio_clock();
        let engine = TestEngine::new(Arc::clone(&clock))?;
        let store = open(&engine.handle("server"), Arc::clone(&clock), config.clone(), 1).await?;
        let writer = DerivingWriter::new(Arc::clone(&store), &config, clock);
        assert_dependencies(&writer, &*store, form).await?;
    }
    Ok(())
}

/// Each in real time, most of which is waiting for windows to close.
#[tokio::test]
async fn both_apis_answer_the_same() -> Result<(), AnyError> {
    try_join(api_answers(Form::Otlp), api_answers(Form::V1)).await.map(drop)
}

async fn api_answers(form: Form) -> Result<(), AnyError> {
    let second = Duration::from_secs(1);
    let config = StoreConfig { window: second, window_grace: second, ..StoreConfig::embedded() };
    let clock: Arc<dyn Clock> = Arc::new(jaeger_dynamodb_dynamo::SystemClock);
    let engine = TestEngine::new(Arc::clone(&clock))?;
    let store = open(&engine.handle("server"), Arc::clone(&clock), config.clone(), 1).await?;
    let writer = Arc::new(DerivingWriter::new(Arc::clone(&store), &config, Arc::clone(&clock)));
    let stores = Stores { writer, ..Stores::of(store) };
    let (router, _) = router(stores, &GrpcConfig::default(), clock).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let serving = tokio::spawn(router.serve_with_incoming(TcpIncoming::from(listener)));
    match form {
        Form::Otlp => {
            let client = GrpcStore::connect(url).await?;
            assert_dependencies(&client, &client, form).await?;
        }
        Form::V1 => {
            let client = GrpcV1Store::connect(url).await?;
            assert_dependencies(&client, &client, form).await?;
        }
    }
    serving.abort();
    Ok(())
}

/// `docs/operations.md`: window, grace, the job's period, and what reading and counting take.
#[tokio::test(start_paused = true)]
async fn an_edge_is_no_later_than_the_documentation_says() -> Result<(), AnyError> {
    for config in [aws_config(), StoreConfig::embedded()] {
        let latest =
            config.window + config.window_grace + (config.window / 10).min(Duration::from_secs(10)) * 2;
        let mut world = World::new(config).await?;
        let (_, store) = world.open().await?;
        let maintenance = store.maintenance(JobMode::InProcess, vec![Tenant::default()]);
        let running = tokio::spawn(maintenance.run());
        for trace in 1..6 {
            world.write(call(&world, trace).to_vec()).await?;
            let written = world.clock.monotonic();
            while count(&*store).await? < trace {
                world.clock.sleep(Duration::from_secs(1)).await;
                let late = world.clock.monotonic() - written;
                assert!(late <= latest + Duration::from_secs(1), "{late:?} of {latest:?}");
            }
            world.clock.sleep(Duration::from_secs(trace * 13)).await;
        }
        running.abort();
    }
    Ok(())
}

async fn count(store: &impl DependencyReader) -> Result<u64, AnyError> {
    let links = store.dependencies(&Tenant::default(), always()).await?;
    Ok(links.iter().map(|link| link.call_count).sum())
}
