//! Messages as bytes, whatever they are.

use std::marker::PhantomData;

use bytes::{BufMut, Bytes};
use prost::Message;
use tonic::Status;
use tonic::codec::{Codec, EncodeBuf, Encoder};
use tonic_prost::{ProstCodec, ProstDecoder};

/// Sends bytes as a message, and takes messages as answers.
#[derive(Debug)]
pub struct RawCodec<O>(PhantomData<O>);

/// Writes the bytes of a message as they are.
#[derive(Debug)]
pub struct RawEncoder;

impl<O> Default for RawCodec<O> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<O: Message + Default + 'static> Codec for RawCodec<O> {
    type Encode = Bytes;
    type Decode = O;
    type Encoder = RawEncoder;
    type Decoder = ProstDecoder<O>;

    fn encoder(&mut self) -> RawEncoder {
        RawEncoder
    }

    fn decoder(&mut self) -> Self::Decoder {
        ProstCodec::<O, O>::default().decoder()
    }
}

impl Encoder for RawEncoder {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, bytes: Bytes, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put_slice(&bytes);
        Ok(())
    }
}
