//! Messages count as large as they are in memory, however small they came: compressed, or as a list of nothing.

use bytes::Buf;
use prost::Message;
use tonic::Status;
use tonic::codec::{BufferSettings, Codec, DecodeBuf, Decoder};

use crate::codec::{Repairable, RepairingCodec};
use crate::limits::Hold;
use crate::refusal::Refusal;

/// Spans with hardly anything in them take four times as much memory as on the wire; lists of empty ones 140 times.
const MOST_GROWTH: usize = 4;

/// Has a message counted before it is decoded. What it was decompressed to is dropped if there is no room for it; it
/// never was larger than the largest message that is accepted.
#[derive(Debug)]
pub(super) struct WeighingCodec<I, O> {
    inner: RepairingCodec<I, O>,
    scales: Scales,
}

/// The decoder of a [`WeighingCodec`].
#[derive(Debug)]
pub(super) struct WeighingDecoder<I: Repairable> {
    inner: crate::codec::RepairingDecoder<I>,
    scales: Scales,
}

#[derive(Debug, Clone)]
struct Scales {
    hold: Option<Hold>,
    most_bytes: usize,
}

// === impl WeighingCodec ===

impl<I, O> WeighingCodec<I, O> {
    /// Without a hold nothing is counted, but what grows too much is refused all the same.
    pub(super) fn new(hold: Option<Hold>, max_inbound_bytes: usize) -> Self {
        let scales = Scales { hold, most_bytes: max_inbound_bytes.saturating_mul(MOST_GROWTH) };
        Self { inner: RepairingCodec::default(), scales }
    }
}

impl<I: Repairable, O: Message + 'static> Codec for WeighingCodec<I, O> {
    type Encode = O;
    type Decode = I;
    type Encoder = <RepairingCodec<I, O> as Codec>::Encoder;
    type Decoder = WeighingDecoder<I>;

    fn encoder(&mut self) -> Self::Encoder {
        self.inner.encoder()
    }

    fn decoder(&mut self) -> Self::Decoder {
        WeighingDecoder { inner: self.inner.decoder(), scales: self.scales.clone() }
    }
}

// === impl WeighingDecoder ===

impl<I: Repairable> Decoder for WeighingDecoder<I> {
    type Item = I;
    type Error = Status;

    fn decode(&mut self, source: &mut DecodeBuf<'_>) -> Result<Option<I>, Status> {
        // tonic hands a message over in one piece.
        self.scales.weigh(I::decoded_bytes(source.chunk()))?;
        self.inner.decode(source)
    }

    fn buffer_settings(&self) -> BufferSettings {
        self.inner.buffer_settings()
    }
}

// === impl Scales ===

impl Scales {
    fn weigh(&self, bytes: usize) -> Result<(), Status> {
        if bytes > self.most_bytes {
            return Err(Status::resource_exhausted(format!(
                "the message takes {bytes} bytes when it is decoded, more than {}: send smaller batches",
                self.most_bytes
            )));
        }
        let counted = self.hold.as_ref().map_or(Ok(()), |hold| hold.decode(bytes));
        counted.map_err(|_| Refusal::InflightBytes.status())
    }
}
