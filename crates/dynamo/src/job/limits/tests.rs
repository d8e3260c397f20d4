use std::error::Error;
use std::sync::Arc;

use futures::future::BoxFuture;
use jaeger_dynamodb_core::{Clock, Span, Tenant, TraceWriter, UnixNanos};
use jaeger_dynamodb_testkit::fixtures::otlp_span;
use jaeger_dynamodb_testkit::{TestEngine, TokioClock};

use super::*;
use crate::StoreConfig;
use crate::job::{JobMode, WindowId, WindowReport, Work};
use crate::store::{DynamoStore, StoreParts};
use crate::window::Window;

type AnyError = Box<dyn Error + Send + Sync>;

const START: i64 = 30 * 58_000_000;

/// A process's clock that may have stood still for a while.
#[derive(Debug)]
struct Frozen {
    clock: TokioClock,
    lost_seconds: AtomicU64,
}

impl Clock for Frozen {
    fn wall(&self) -> UnixNanos {
        self.clock.wall()
    }

    fn monotonic(&self) -> Duration {
        self.clock.monotonic().saturating_sub(Duration::from_secs(self.lost_seconds.load(Ordering::Relaxed)))
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.clock.sleep(duration)
    }
}

struct World {
    clock: Arc<Frozen>,
    maintenance: Maintenance,
    tenant: Tenant,
    window: WindowId,
    _store: DynamoStore,
}

impl World {
    /// One window of a few spans.
    async fn new() -> Result<Self, AnyError> {
        let clock = TokioClock::starting_at(UnixNanos::from_secs(START));
        let engine = TestEngine::new(Arc::new(clock))?;
        let clock = Arc::new(Frozen { clock, lost_seconds: AtomicU64::new(0) });
        let parts = StoreParts {
            client: engine.handle("server").client(),
            clock: Arc::<Frozen>::clone(&clock),
            seed: Some(1),
        };
        let store = DynamoStore::open(parts, StoreConfig::embedded()).await?;
        let tenant = Tenant::default();
        store.write_spans(&tenant, vec![Span::Otlp(otlp_span(1, 1, "shop"))]).await?;
        let maintenance = store.maintenance(JobMode::InProcess, vec![tenant.clone()]);
        let window = WindowId(Window::around(START.cast_unsigned(), Duration::from_secs(30)));
        Ok(Self { clock, maintenance, tenant, window, _store: store })
    }

    async fn look(&self) -> Result<WindowReport, AnyError> {
        Ok(self.maintenance.window(&self.tenant, self.window).await?)
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_takes_too_long_is_parked_and_done_later_by_whoever_has_the_time() -> Result<(), AnyError>
{
    let world = World::new().await?;
    world.clock.sleep(Duration::from_secs(36)).await;
    world.maintenance.limit_runs(Duration::ZERO);
    let report = world.look().await?;
    let WindowReport::Parked { work: Work::Derive, reason, .. } = report else { panic!("{report:?}") };
    assert!(reason.contains("not done within 0 s"), "{reason}");
    let parked = world.maintenance.parked(&world.tenant).await?;
    assert_eq!(
        parked.iter().map(|parked| (parked.window, parked.tries)).collect::<Vec<_>>(),
        [(world.window, 1)]
    );

    world.maintenance.limit_runs(Duration::from_secs(60));
    world.clock.sleep(Duration::from_secs(11)).await;
    assert_eq!(world.look().await?, WindowReport::Done { derived: true, edges: true });
    assert_eq!(world.maintenance.parked(&world.tenant).await?, []);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_process_that_stood_still_learns_the_time_by_asking() -> Result<(), AnyError> {
    let world = World::new().await?;
    world.maintenance.ask_the_time().await?;
    world.clock.sleep(Duration::from_secs(600)).await;
    world.clock.lost_seconds.store(590, Ordering::Relaxed);
    assert!(matches!(world.look().await?, WindowReport::NotClosedYet { .. }));
    world.maintenance.ask_the_time().await?;
    assert_eq!(world.look().await?, WindowReport::Done { derived: true, edges: true });
    Ok(())
}

#[test]
fn writes_are_spread_over_no_more_than_half_of_what_a_run_may_take() {
    let longest = LongestRun::default();
    let two_hours = Duration::from_secs(7200);
    assert_eq!(longest.shorten(two_hours), two_hours);
    longest.0.store(600_000, Ordering::Relaxed);
    assert_eq!(longest.shorten(two_hours), Duration::from_secs(300));
}
