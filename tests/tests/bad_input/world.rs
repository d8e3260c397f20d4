//! A server, what it has been sent, and what it must answer.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use jaeger_dynamodb_proto::jaeger::api_v2;
use jaeger_dynamodb_proto::jaeger::storage::v1::WriteSpanResponse;
use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse;
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::ResourceSpans;

use jaeger_dynamodb_tests::{AnyError, ServerProcess, peak_kibibytes, tokio_clock};
use prost::Message;
use prost::bytes::Bytes;
use tempfile::TempDir;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};

use crate::kept::{Content, Kept, Search};
use crate::raw;
use crate::spans::{SERVICE, export_of, field, of_service, span, v1_span};

pub(crate) const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
pub(crate) const WRITE_SPAN: &str = "/jaeger.storage.v1.SpanWriterPlugin/WriteSpan";

const NEIGHBOUR: &str = "neighbour";

/// Windows are so short that all of a test is derived at its end. Writes are tried for half of the grace, which a busy
/// machine needs.
const SHORT_WINDOWS: [&str; 4] = ["--window", "1s", "--window-grace", "3s"];

/// From a write until its window is closed and the job has begun with it: the window, its grace, and a round.
const BEGUN_WITHIN: Duration = Duration::from_secs(6);

/// Longer than between two rounds of the job, and from a manifest until it is read by: it rounds up to the next second,
/// and what tells the time then rounds down.
const QUIET: Duration = Duration::from_secs(3);

const LONGEST_WAIT: Duration = Duration::from_secs(60);

const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

/// Looks for so many traces at once.
const CHECKS_AT_ONCE: usize = 4;

/// A server of its own for a test, file-backed.
pub(crate) struct World {
    pub(crate) server: ServerProcess,
    pub(crate) channel: Channel,
    name: &'static str,
    kept: Mutex<Vec<Kept>>,
    next: AtomicU64,
    _directory: TempDir,
}

/// What becomes of a span that is bad in something.
#[derive(Debug, Clone)]
pub(crate) enum Fate {
    /// It is kept, and this is answered for it.
    Kept { content: Content, search: Search },
    /// It alone is refused, in these words.
    Rejected(&'static str),
    /// The whole request is refused, in these words among others.
    Refused(Code, &'static str),
}

impl World {
    /// A server with short windows and these flags.
    pub(crate) async fn start(name: &'static str, flags: &[&str]) -> Result<Self, AnyError> {
        let directory = tempfile::tempdir()?;
        let data = directory.path().join("data").display().to_string();
        let flags = [&["--data-dir", data.as_str()], SHORT_WINDOWS.as_slice(), flags].concat();
        let server = ServerProcess::start(&flags).await?;
        let channel = connect(&server).await?;
        let (kept, next) = (Mutex::default(), AtomicU64::new(1));
        Ok(Self { server, channel, name, kept, next, _directory: directory })
    }

    /// A number that no other trace of the test has.
    pub(crate) fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// A connection of its own.
    pub(crate) async fn connect(&self) -> Result<Channel, AnyError> {
        connect(&self.server).await
    }

    // --- writing

    /// Sends a good span, which must be acknowledged and found.
    pub(crate) async fn write_neighbour(&self) -> Result<(), AnyError> {
        let (good, kept) = self.neighbour();
        let answer = self.export(export_of([good.as_slice()])).await?;
        assert_eq!(answer.partial_success, None);
        self.keep(kept).await
    }

    /// Sends an Export.
    pub(crate) async fn export(&self, bytes: Bytes) -> Result<ExportTraceServiceResponse, Status> {
        raw::unary(&self.channel, EXPORT, bytes, None).await
    }

    /// Sends the resource's spans, which may be any bytes, between two good neighbours in the same Export.
    pub(crate) async fn export_case(&self, case: &str, bad: &[u8], fate: Fate) -> Result<(), AnyError> {
        let [(before, one), (after, other)] = [self.neighbour(), self.neighbour()];
        let sent = self.export(export_of([before.as_slice(), bad, &after])).await;
        match (fate, sent) {
            (Fate::Kept { content, search }, Ok(answer)) => {
                assert_eq!(answer.partial_success, None, "{case}");
                let trace_id = self.trace_of(&content, &search);
                self.keep(Kept { case: case.to_owned(), trace_id, content, search }).await?;
            }
            (Fate::Rejected(words), Ok(answer)) => {
                let report = answer.partial_success.ok_or_else(|| format!("{case}: all was accepted"))?;
                assert_eq!((report.rejected_spans, report.error_message.as_str()), (1, words), "{case}");
            }
            (Fate::Refused(code, words), Err(status)) => {
                assert_refused(case, &status, code, words);
                return self.write_neighbour().await;
            }
            (fate, sent) => return Err(format!("{case}: {fate:?} expected, but {sent:?}").into()),
        }
        self.keep(one).await?;
        self.keep(other).await
    }

    /// Sends a v1 span, which may be any bytes, and a good one after it.
    pub(crate) async fn write_span_case(&self, case: &str, bad: &[u8], fate: Fate) -> Result<(), AnyError> {
        let sent = self.write_span(bad).await;
        match (fate, sent) {
            (Fate::Kept { content, search }, Ok(())) => {
                let trace_id = self.trace_of(&content, &search);
                self.keep(Kept { case: case.to_owned(), trace_id, content, search }).await?;
            }
            (Fate::Rejected(words), Err(status)) => {
                assert_refused(case, &status, Code::InvalidArgument, words)
            }
            (Fate::Refused(code, words), Err(status)) => assert_refused(case, &status, code, words),
            (fate, sent) => return Err(format!("{case}: {fate:?} expected, but {sent:?}").into()),
        }
        let number = self.number();
        let good = v1_span(number);
        self.write_span(&good.encode_to_vec()).await?;
        self.keep(kept_v1(format!("neighbour of {case}"), number, good)).await
    }

    async fn write_span(&self, bytes: &[u8]) -> Result<(), Status> {
        let answer = raw::unary::<WriteSpanResponse>(&self.channel, WRITE_SPAN, field(1, bytes), None).await;
        answer.map(drop)
    }

    fn neighbour(&self) -> (Vec<u8>, Kept) {
        let number = self.number();
        let content = of_service(NEIGHBOUR, vec![span(number)]);
        let kept = Kept {
            case: "a good neighbour".to_owned(),
            trace_id: crate::spans::trace_id(number),
            content: Content::Otlp(Box::new(content.clone())),
            search: Search::case(NEIGHBOUR, number),
        };
        (content.encode_to_vec(), kept)
    }

    fn trace_of(&self, content: &Content, search: &Search) -> Vec<u8> {
        match content {
            Content::Otlp(content) => content.scope_spans[0].spans[0].trace_id.clone(),
            Content::V1(span) => span.trace_id.clone(),
            Content::Spans(_) | Content::Holds { .. } => crate::spans::trace_id(search.text.parse().unwrap()),
        }
    }

    // --- finding

    /// Expects it to be found, now and at the end.
    pub(crate) async fn keep(&self, kept: Kept) -> Result<(), AnyError> {
        kept.check(&self.channel).await?;
        self.kept.lock().unwrap().push(kept);
        Ok(())
    }

    /// Expects all that was kept to be found once it is derived, a good span to be taken, and no panic in the log;
    /// prints what that took.
    pub(crate) async fn finish(self) -> Result<(), AnyError> {
        self.derived().await?;
        let kept = std::mem::take(&mut *self.kept.lock().unwrap());
        let checks = kept.iter().map(|kept| kept.check(&self.channel));
        let found: Vec<()> = futures::stream::iter(checks)
            .buffer_unordered(CHECKS_AT_ONCE)
            .try_collect()
            .await
            .map_err(|error| format!("once derived, {error}"))?;
        self.write_neighbour().await?;
        self.has_not_panicked()?;
        let peak = self.peak_bytes()? / 1_000_000;
        println!("{}: {} traces found, peak RSS {peak} MB", self.name, found.len());
        self.server.stop().await
    }

    pub(crate) fn has_not_panicked(&self) -> Result<(), AnyError> {
        let log = self.server.log()?;
        match log.lines().find(|line| line.contains("panicked") || line.contains("overflowed its stack")) {
            Some(line) => Err(format!("{}: the server's log says: {line}", self.name).into()),
            None => Ok(()),
        }
    }

    /// The most memory that the server has taken so far.
    pub(crate) fn peak_bytes(&self) -> Result<u64, AnyError> {
        Ok(peak_kibibytes(self.server.pid())? * 1024)
    }

    /// Returns once all that was written is derived, and old enough to be read by.
    pub(crate) async fn derived(&self) -> Result<(), AnyError> {
        let clock = tokio_clock();
        let began = clock.monotonic();
        clock.sleep(BEGUN_WITHIN).await;
        let (mut derived, mut quiet_since) = (0.0, began);
        loop {
            let now = clock.monotonic();
            let sealed = self.server.metric("jaeger_dynamodb_windows_sealed_total").await?;
            let before = std::mem::replace(
                &mut derived,
                self.server.metric("jaeger_dynamodb_windows_derived_total").await?,
            );
            if derived < sealed || derived > before {
                quiet_since = now;
            }
            // A round of the job that found nothing to do lies within.
            if now - quiet_since > QUIET {
                break;
            }
            if now - began > LONGEST_WAIT {
                return Err(format!("windows are never done:\n{}", self.server.log()?).into());
            }
            clock.sleep(BETWEEN_LOOKS).await;
        }
        if derived > 0.0 { Ok(()) } else { Err("no window is derived".into()) }
    }
}

/// The fate of OTLP spans that come back as they were sent.
pub(crate) fn kept_as(content: ResourceSpans, search: Search) -> Fate {
    Fate::Kept { content: Content::Otlp(Box::new(content)), search }
}

/// The fate of a v1 span that comes back as this one.
pub(crate) fn kept_as_v1(number: u64, content: api_v2::Span) -> Fate {
    Fate::Kept { content: Content::V1(Box::new(content)), search: Search::case(SERVICE, number) }
}

pub(crate) fn assert_refused(case: &str, status: &Status, code: Code, words: &str) {
    assert_eq!(status.code(), code, "{case}: {status:?}");
    assert!(status.message().contains(words), "{case}: {:?} does not say {words:?}", status.message());
}

fn kept_v1(case: String, number: u64, span: api_v2::Span) -> Kept {
    let content = Content::V1(Box::new(span));
    Kept { case, trace_id: crate::spans::trace_id(number), content, search: Search::case(SERVICE, number) }
}

async fn connect(server: &ServerProcess) -> Result<Channel, AnyError> {
    Ok(Endpoint::from_shared(format!("http://{}", server.grpc_address()))?.connect().await?)
}
