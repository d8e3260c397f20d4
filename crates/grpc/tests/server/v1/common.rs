//! Clients of `jaeger.storage.v1`, and what to ask them.

use jaeger_dynamodb_proto::jaeger::api_v2::{KeyValue, Process, Span, ValueType};
use jaeger_dynamodb_proto::jaeger::storage::v1::span_reader_plugin_client::SpanReaderPluginClient;
use jaeger_dynamodb_proto::jaeger::storage::v1::span_writer_plugin_client::SpanWriterPluginClient;
use jaeger_dynamodb_proto::jaeger::storage::v1::streaming_span_writer_plugin_client::StreamingSpanWriterPluginClient;
use jaeger_dynamodb_proto::jaeger::storage::v1::{
    FindTracesRequest, GetTraceRequest, SpansResponseChunk, TraceQueryParameters, WriteSpanRequest,
};
use prost_types::{Duration, Timestamp};
use tonic::transport::Channel;
use tonic::{Status, Streaming};

use crate::common::{Server, all};

impl Server {
    pub(crate) fn v1_writer(&self) -> SpanWriterPluginClient<Channel> {
        SpanWriterPluginClient::new(self.channel.clone())
    }

    pub(crate) fn v1_streaming_writer(&self) -> StreamingSpanWriterPluginClient<Channel> {
        StreamingSpanWriterPluginClient::new(self.channel.clone())
    }

    pub(crate) fn v1_reader(&self) -> SpanReaderPluginClient<Channel> {
        SpanReaderPluginClient::new(self.channel.clone())
    }

    pub(crate) async fn write(&self, span: Span) -> Result<(), Status> {
        self.v1_writer().write_span(writing(span)).await.map(drop)
    }

    /// The messages that answer for the trace with this id.
    pub(crate) async fn v1_messages(&self, trace_id: Vec<u8>) -> Vec<SpansResponseChunk> {
        all(self.v1_reader().get_trace(by_id(trace_id)).await.unwrap().into_inner()).await
    }

    /// The spans of the trace of this number.
    pub(crate) async fn v1_trace(&self, number: u8) -> Vec<Span> {
        spans_of(self.v1_messages(vec![number; 16]).await)
    }

    /// What a search finds, span by span.
    pub(crate) async fn v1_found(&self, query: TraceQueryParameters) -> Vec<Span> {
        let query = Some(query);
        spans_of(
            all(self.v1_reader().find_traces(FindTracesRequest { query }).await.unwrap().into_inner()).await,
        )
    }

    /// The numbers of the traces that a search finds; those whose spans do not follow each other occur repeatedly.
    pub(crate) async fn v1_found_traces(&self, query: TraceQueryParameters) -> Vec<u8> {
        let mut numbers: Vec<_> =
            self.v1_found(query).await.iter().map(|span| *span.trace_id.first().unwrap()).collect();
        numbers.dedup();
        numbers
    }
}

pub(crate) fn spans_of(messages: Vec<SpansResponseChunk>) -> Vec<Span> {
    messages.into_iter().flat_map(|message| message.spans).collect()
}

pub(crate) fn by_id(trace_id: Vec<u8>) -> GetTraceRequest {
    GetTraceRequest { trace_id, ..GetTraceRequest::default() }
}

pub(crate) fn writing(span: Span) -> WriteSpanRequest {
    WriteSpanRequest { span: Some(span) }
}

/// How a stream ends that brings no message.
pub(crate) async fn end_of(stream: Result<tonic::Response<Streaming<SpansResponseChunk>>, Status>) -> Status {
    stream.unwrap().into_inner().message().await.unwrap_err()
}

pub(crate) fn at(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds, nanos: 0 })
}

pub(crate) fn v1_span(trace: u8, number: u64) -> Span {
    Span {
        trace_id: vec![trace; 16],
        span_id: number.to_be_bytes().to_vec(),
        operation_name: format!("operation {number}"),
        start_time: at(number.cast_signed()),
        duration: Some(Duration { seconds: 0, nanos: 500 }),
        process: Some(Process { service_name: "shop".to_owned(), tags: Vec::new() }),
        ..Span::default()
    }
}

pub(crate) fn tag(key: &str, text: &str) -> KeyValue {
    KeyValue { key: key.to_owned(), v_str: text.to_owned(), ..KeyValue::default() }
}

/// A tag that says nothing but its type.
pub(crate) fn typed(key: &str, v_type: ValueType) -> KeyValue {
    KeyValue { key: key.to_owned(), v_type: v_type.into(), ..KeyValue::default() }
}
