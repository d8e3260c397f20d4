//! Following a table's stream, as a trigger only: no checkpoints are kept, and whoever misses something is told so.
//!
//! Shards are read parents first, so that the changes of an item come in their order
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html>).

mod sdk;
mod shards;
mod source;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jaeger_dynamodb_core::Clock;

pub use sdk::SdkSource;
pub use source::{Position, RecordPage, Shard, ShardPage, SourceError, StreamSource};

use self::shards::Shards;
use crate::change::Change;

/// Shards are looked for so often, and whenever one ends. A shard is open for some hours.
const LIST_AGAIN: Duration = Duration::from_secs(30);

/// Between two looks at shards that have nothing new, at least and at most. Each look at each shard is paid for.
const IDLE: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(2));

/// After a failure, at least and at most.
const FAILED: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// What a look at the stream has brought.
#[derive(Debug, Default, PartialEq)]
pub struct News {
    /// New records, those of an item in their order.
    pub changes: Vec<Change>,
    /// Records may have been missed: whoever must know all has to look for himself.
    pub is_gap: bool,
    /// A failure, after which the next look takes up where this one had to stop.
    pub failure: Option<SourceError>,
}

/// Follows the stream that a table has, whichever it is at the time.
pub struct Follower<S> {
    source: S,
    clock: Arc<dyn Clock>,
    /// Where the first stream is begun.
    start: Position,
    stream: Option<Stream>,
    /// How long to wait before the next look.
    idle: Duration,
    failed: Duration,
}

/// The stream that is followed.
#[derive(Debug)]
struct Stream {
    name: String,
    shards: Shards,
    listed: Duration,
}

// === impl Follower ===

impl<S: StreamSource> Follower<S> {
    /// Follows from the first look on what is new, or also what the stream still has.
    pub fn new(source: S, clock: Arc<dyn Clock>, start: Position) -> Self {
        Self { source, clock, start, stream: None, idle: Duration::ZERO, failed: Duration::ZERO }
    }

    /// Waits for as long as the last looks suggest, then looks. What a dropped future had read is lost.
    pub async fn next(&mut self) -> News {
        let pause = self.idle.max(self.failed);
        if !pause.is_zero() {
            self.clock.sleep(pause).await;
        }
        self.look().await
    }

    /// Looks once at every shard that can be read.
    pub async fn look(&mut self) -> News {
        let mut news = News::default();
        match self.try_look(&mut news).await {
            Ok(()) => {
                self.failed = Duration::ZERO;
                self.idle = if news.changes.is_empty() { doubled(self.idle, IDLE) } else { Duration::ZERO };
            }
            Err(error) => {
                self.failed = doubled(self.failed, FAILED);
                news.failure = Some(error);
            }
        }
        news
    }

    async fn try_look(&mut self, news: &mut News) -> Result<(), SourceError> {
        let now = self.clock.monotonic();
        if self.stream.as_ref().is_none_or(|stream| stream.is_due(now)) {
            self.list(now, news).await?;
        }
        match &mut self.stream {
            Some(stream) => stream.read(&self.source, news).await,
            None => Ok(()),
        }
    }

    /// Learns which stream the table has, and which shards that has.
    async fn list(&mut self, now: Duration, news: &mut News) -> Result<(), SourceError> {
        let latest = self.source.latest_stream().await?;
        if self.stream.as_ref().is_some_and(|stream| latest.as_ref() != Some(&stream.name)) {
            // It was disabled, and perhaps another one enabled: what the first still had is not read any more.
            self.stream = None;
            self.start = Position::Oldest;
            news.is_gap = true;
        }
        let Some(name) = latest else {
            // One that is enabled later is new as a whole.
            self.start = Position::Oldest;
            return Ok(());
        };
        let listed = list(&self.source, &name).await?;
        let start = &self.start;
        let stream = self.stream.get_or_insert_with(|| Stream {
            name,
            shards: Shards::new(start.clone()),
            listed: now,
        });
        stream.shards.learn(listed);
        stream.listed = now;
        Ok(())
    }
}

impl<S: fmt::Debug> fmt::Debug for Follower<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follower")
            .field("source", &self.source)
            .field("stream", &self.stream)
            .finish_non_exhaustive()
    }
}

// === impl Stream ===

impl Stream {
    fn is_due(&self, now: Duration) -> bool {
        self.shards.want_listing() || now.saturating_sub(self.listed) >= LIST_AGAIN
    }

    /// Reads a page of each shard whose parent is read to its end. A failure of one shard leaves the others unread, too:
    /// nearly always it is the service or the network.
    async fn read<S: StreamSource>(&mut self, source: &S, news: &mut News) -> Result<(), SourceError> {
        for id in self.shards.readable() {
            let page = match self.shards.iterator(&id) {
                Ok(iterator) => source.records(&iterator).await,
                Err(position) => match source.iterator(&self.name, &id, &position).await {
                    Ok(iterator) => {
                        self.shards.begin(&id, iterator.clone());
                        source.records(&iterator).await
                    }
                    Err(error) => Err(error),
                },
            };
            match page {
                Ok(page) => {
                    self.shards.advance(&id, &page);
                    news.changes.extend(page.changes);
                }
                Err(SourceError::IteratorExpired) => news.is_gap |= self.shards.renew(&id),
                Err(SourceError::Trimmed) => {
                    self.shards.restart(&id);
                    news.is_gap = true;
                }
                Err(SourceError::Gone) => {
                    self.shards.finish(&id);
                    news.is_gap = true;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

async fn list<S: StreamSource>(source: &S, stream: &str) -> Result<Vec<Shard>, SourceError> {
    let mut shards: Vec<Shard> = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = match source.shards(stream, after.as_deref()).await {
            // It was deleted since the table was asked for it; the next look asks again.
            Err(SourceError::Gone) => return Ok(Vec::new()),
            page => page?,
        };
        shards.extend(page.shards);
        match page.last_evaluated {
            // A page that ends where the one before did would be read for ever.
            Some(last) if after.as_ref() != Some(&last) => after = Some(last),
            _ => return Ok(shards),
        }
    }
}

fn doubled(pause: Duration, (least, most): (Duration, Duration)) -> Duration {
    (pause * 2).clamp(least, most)
}

#[cfg(test)]
mod tests;
