use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use futures::stream;
use jaeger_dynamodb_core as model;
use jaeger_dynamodb_core::{StoreError, StoreErrorKind, TraceWriter};
use tokio::sync::watch;
use tonic::Code;

use super::super::ROOM;
use super::*;
use crate::service::Receipts;

/// Writes as many batches as it may.
#[derive(Debug)]
struct Gate {
    batches_allowed: Semaphore,
    fails: bool,
    batches: Mutex<Vec<usize>>,
}

#[async_trait]
impl TraceWriter for Gate {
    async fn write_spans(&self, _: &Tenant, spans: Vec<model::Span>) -> Result<(), StoreError> {
        self.batches_allowed.acquire().await.unwrap().forget();
        if self.fails {
            return Err(StoreError::new(StoreErrorKind::Overloaded, "full"));
        }
        self.batches.lock().unwrap().push(spans.len());
        Ok(())
    }
}

struct World {
    gate: Arc<Gate>,
    stops: watch::Sender<bool>,
    receipts: Receipts,
}

impl World {
    fn new(is_open: bool, fails: bool) -> Self {
        let batches_allowed = Semaphore::new(if is_open { Semaphore::MAX_PERMITS } else { 0 });
        let gate = Arc::new(Gate { batches_allowed, fails, batches: Mutex::default() });
        Self { gate, stops: watch::Sender::new(false), receipts: Receipts::default() }
    }

    fn run(
        &self,
        inbound: impl Stream<Item = Result<WriteSpanRequest, Status>> + Unpin + Send,
    ) -> impl Future<Output = Result<(), Status>> {
        let writer: Arc<dyn TraceWriter> = Arc::<Gate>::clone(&self.gate);
        let intake = Intake {
            ingest: Ingest::new(writer, self.receipts.clone()),
            tenant: Tenant::default(),
            room: Arc::new(Semaphore::new(ROOM)),
            stopping: Stopping::new(self.stops.subscribe()),
        };
        intake.run(inbound)
    }

    fn allow(&self, batches: usize) {
        self.gate.batches_allowed.add_permits(batches);
    }

    fn batches(&self) -> Vec<usize> {
        self.gate.batches.lock().unwrap().clone()
    }
}

fn span(trace: u8) -> Result<WriteSpanRequest, Status> {
    let span = Span { trace_id: vec![trace; 16], span_id: vec![1; 8], ..Span::default() };
    Ok(WriteSpanRequest { span: Some(span) })
}

fn cut() -> Result<WriteSpanRequest, Status> {
    Err(Status::internal("cut"))
}

#[tokio::test]
async fn spans_that_are_there_together_are_written_together() {
    let world = World::new(true, false);
    world.run(stream::iter((1..=100).map(span))).await.unwrap();
    assert_eq!(world.batches(), [100]);
}

#[tokio::test]
async fn what_comes_while_a_batch_is_written_makes_the_next() {
    let world = World::new(false, false);
    let (sends, inbound) = futures::channel::mpsc::unbounded();
    let mut running = Box::pin(world.run(inbound));
    for trace in 1..=10 {
        sends.unbounded_send(span(trace)).unwrap();
        assert!(running.as_mut().now_or_never().is_none());
    }
    let mut settled = Box::pin(world.receipts.settled());
    assert!(settled.as_mut().now_or_never().is_none());
    world.allow(1);
    assert!(running.as_mut().now_or_never().is_none());
    assert_eq!(world.batches(), [1]);
    assert!(settled.as_mut().now_or_never().is_none(), "what waits is received too");
    world.allow(1);
    assert!(running.as_mut().now_or_never().is_none(), "the client may send more");
    assert_eq!(world.batches(), [1, 9]);
    assert!(settled.now_or_never().is_some());
    drop(sends);
    running.await.unwrap();
}

#[tokio::test]
async fn every_span_that_came_before_a_cut_is_written_and_the_stream_ends_in_its_error() {
    let world = World::new(false, false);
    let (sends, inbound) = futures::channel::mpsc::unbounded();
    let mut running = Box::pin(world.run(inbound));
    sends.unbounded_send(span(1)).unwrap();
    assert!(running.as_mut().now_or_never().is_none());
    for message in (2..=6).map(span).chain([cut()]) {
        sends.unbounded_send(message).unwrap();
    }
    assert!(running.as_mut().now_or_never().is_none());
    world.allow(2);
    let error = running.await.unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::Internal, "cut"));
    assert_eq!(world.batches(), [1, 5]);
}

#[tokio::test]
async fn spans_that_are_refused_are_told_at_the_end_and_the_others_are_written() {
    let world = World::new(true, false);
    let none = Ok(WriteSpanRequest { span: None });
    let messages = [span(1), span(0), span(2), none, span(3)];
    let error = world.run(stream::iter(messages)).await.unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
    assert_eq!(error.message(), "spans rejected: 2 with invalid trace id");
    assert_eq!(world.batches(), [3]);
}

#[tokio::test]
async fn an_error_of_the_store_ends_the_stream_although_the_client_could_send_more() {
    let world = World::new(true, true);
    let error = world.run(stream::iter([span(1)]).chain(stream::pending())).await.unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::Unavailable, "full"));
    assert!(!error.details().is_empty());
    assert!(world.receipts.settled().now_or_never().is_some(), "nothing is held any more");
}

#[tokio::test]
async fn a_stop_ends_the_stream_after_what_was_received_is_written() {
    let world = World::new(false, false);
    let mut running = Box::pin(world.run(stream::iter((1..=5).map(span)).chain(stream::pending())));
    assert!(running.as_mut().now_or_never().is_none());
    world.stops.send_replace(true);
    assert!(running.as_mut().now_or_never().is_none());
    world.allow(2);
    assert_eq!(running.await.unwrap_err().code(), Code::Unavailable);
    assert_eq!(world.batches(), [5]);
    let late = world.run(stream::iter([span(1)]).chain(stream::pending())).await.unwrap_err();
    assert_eq!(late.code(), Code::Unavailable);
    assert_eq!(world.batches(), [5]);
}

#[tokio::test]
async fn a_stream_is_not_read_further_than_there_is_room() {
    let large = || {
        let span = Span { operation_name: "n".repeat(ROOM / 16), ..span(1).unwrap().span.unwrap() };
        Ok(WriteSpanRequest { span: Some(span) })
    };
    for (most, message) in [(2 * MOST_SPANS + 2, (&|| span(1)) as &(dyn Fn() -> _ + Sync)), (17, &large)] {
        let world = World::new(false, false);
        let reads = AtomicUsize::new(0);
        let endless = stream::repeat_with(|| {
            reads.fetch_add(1, Ordering::SeqCst);
            message()
        });
        let mut running = Box::pin(world.run(endless));
        for _ in 0..100 {
            assert!(running.as_mut().now_or_never().is_none());
        }
        let read = reads.load(Ordering::SeqCst);
        assert!(read <= most && read > most / 2 - 2, "{read} of {most}");
    }
}

#[tokio::test]
async fn a_span_larger_than_all_the_room_is_written() {
    let world = World::new(true, false);
    let huge = Span { operation_name: "n".repeat(2 * ROOM), ..span(1).unwrap().span.unwrap() };
    world.run(stream::iter([Ok(WriteSpanRequest { span: Some(huge) }), span(2)])).await.unwrap();
    assert_eq!(world.batches().iter().sum::<usize>(), 2);
}
