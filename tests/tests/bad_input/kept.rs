//! What was kept, and how it is found.

use jaeger_dynamodb_proto::jaeger::api_v2;
use jaeger_dynamodb_proto::jaeger::storage::v1::span_reader_plugin_client::SpanReaderPluginClient;
use jaeger_dynamodb_proto::jaeger::storage::v2::trace_reader_client::TraceReaderClient;
use jaeger_dynamodb_proto::jaeger::storage::v2::{
    AnyValue, FindTraceIDsRequest, GetTraceParams, GetTracesRequest, KeyValue, TraceQueryParameters,
    any_value,
};
use jaeger_dynamodb_proto::jaeger::storage::{v1, v2};
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::{ResourceSpans, TracesData};
use prost::Message;
use tonic::transport::Channel;
use tonic::{Status, Streaming};

use crate::spans::CASE;

/// A trace that must be found.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    /// The sentence that tells why this is a case.
    pub(crate) case: String,
    pub(crate) trace_id: Vec<u8>,
    pub(crate) content: Content,
    pub(crate) search: Search,
}

/// What the API in which it came answers for it.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// Exactly this, encoded, since NaN differs from itself.
    Otlp(Box<ResourceSpans>),
    V1(Box<api_v2::Span>),
    /// So many spans, and none twice, over both APIs.
    Spans(usize),
    /// These bytes are somewhere in the answer of the API named by the flag: v1 if it is true.
    Holds {
        bytes: Vec<u8>,
        v1: bool,
    },
}

/// A search that must find it, and nothing else.
#[derive(Debug, Clone)]
pub(crate) struct Search {
    pub(crate) service: String,
    pub(crate) key: String,
    pub(crate) text: String,
}

impl Search {
    pub(crate) fn case(service: &str, number: u64) -> Self {
        Self { service: service.to_owned(), key: CASE.to_owned(), text: number.to_string() }
    }
}

impl Kept {
    /// Expects it to be found by id and by search over both APIs.
    pub(crate) async fn check(&self, channel: &Channel) -> Result<(), String> {
        let failed = |what: &str, status: Status| format!("{}: {what}: {status:?}", self.case);
        let otlp = otlp_by_id(channel, &self.trace_id).await.map_err(|status| failed("v2 by id", status))?;
        let spans = v1_by_id(channel, &self.trace_id).await.map_err(|status| failed("v1 by id", status))?;
        self.check_content(&otlp, &spans)?;
        let found = self.v2_search(channel).await.map_err(|status| failed("v2 search", status))?;
        let found_v1 = self.v1_search(channel).await.map_err(|status| failed("v1 search", status))?;
        for (api, found) in [("v2", found), ("v1", found_v1)] {
            if found != [self.trace_id.as_slice()] {
                return Err(format!("{}: the search of {api} found {found:?}", self.case));
            }
        }
        Ok(())
    }

    fn check_content(&self, otlp: &[TracesData], spans: &[api_v2::Span]) -> Result<(), String> {
        let otlp_count = otlp.iter().map(count).sum::<usize>();
        let wanted = if let Content::Spans(wanted) = &self.content { *wanted } else { 1 };
        if (otlp_count, spans.len()) != (wanted, wanted) {
            let counts = format!("{otlp_count} spans over v2 and {} over v1", spans.len());
            return Err(format!("{}: {counts} instead of {wanted}", self.case));
        }
        match &self.content {
            Content::Otlp(wanted) => {
                let wanted = TracesData { resource_spans: vec![ResourceSpans::clone(wanted)] };
                same(&self.case, &wanted.encode_to_vec(), &otlp[0].encode_to_vec(), || format!("{otlp:?}"))
            }
            Content::V1(wanted) => {
                same(&self.case, &wanted.encode_to_vec(), &spans[0].encode_to_vec(), || format!("{spans:?}"))
            }
            Content::Spans(_) => Ok(()),
            Content::Holds { bytes, v1 } => {
                let answer = if *v1 { spans[0].encode_to_vec() } else { otlp[0].encode_to_vec() };
                let holds = answer.windows(bytes.len()).any(|window| window == bytes);
                let missing = || format!("{}: {} is not in the answer", self.case, bytes.escape_ascii());
                if holds { Ok(()) } else { Err(missing()) }
            }
        }
    }

    async fn v2_search(&self, channel: &Channel) -> Result<Vec<Vec<u8>>, Status> {
        let value = any_value::Value::StringValue(self.search.text.clone());
        let attribute =
            KeyValue { key: self.search.key.clone(), value: Some(AnyValue { value: Some(value) }) };
        let query = TraceQueryParameters {
            service_name: self.search.service.clone(),
            attributes: vec![attribute],
            ..TraceQueryParameters::default()
        };
        let request = FindTraceIDsRequest { query: Some(query) };
        let answer = v2_reader(channel).find_trace_i_ds(request).await?.into_inner();
        Ok(answer.trace_ids.into_iter().map(|found| found.trace_id).collect())
    }

    async fn v1_search(&self, channel: &Channel) -> Result<Vec<Vec<u8>>, Status> {
        let query = v1::TraceQueryParameters {
            service_name: self.search.service.clone(),
            tags: [(self.search.key.clone(), self.search.text.clone())].into(),
            ..v1::TraceQueryParameters::default()
        };
        let request = v1::FindTraceIDsRequest { query: Some(query) };
        Ok(v1_reader(channel).find_trace_i_ds(request).await?.into_inner().trace_ids)
    }
}

/// With the limit of 4 MiB for messages that every client has by default, except for searches by long texts.
pub(crate) fn v2_reader(channel: &Channel) -> TraceReaderClient<Channel> {
    TraceReaderClient::new(channel.clone())
}

pub(crate) fn v1_reader(channel: &Channel) -> SpanReaderPluginClient<Channel> {
    SpanReaderPluginClient::new(channel.clone())
}

pub(crate) async fn otlp_by_id(channel: &Channel, trace_id: &[u8]) -> Result<Vec<TracesData>, Status> {
    let params = GetTraceParams { trace_id: trace_id.to_vec(), ..GetTraceParams::default() };
    let asked = GetTracesRequest { query: vec![params] };
    all(v2_reader(channel).get_traces(asked).await?.into_inner()).await
}

pub(crate) async fn v1_by_id(channel: &Channel, trace_id: &[u8]) -> Result<Vec<api_v2::Span>, Status> {
    let asked = v1::GetTraceRequest { trace_id: trace_id.to_vec(), ..v1::GetTraceRequest::default() };
    let chunks = all(v1_reader(channel).get_trace(asked).await?.into_inner()).await?;
    Ok(chunks.into_iter().flat_map(|chunk| chunk.spans).collect())
}

/// The services that are listed.
pub(crate) async fn services(channel: &Channel) -> Result<Vec<String>, Status> {
    Ok(v2_reader(channel).get_services(v2::GetServicesRequest {}).await?.into_inner().services)
}

async fn all<T>(mut stream: Streaming<T>) -> Result<Vec<T>, Status> {
    let mut messages = Vec::new();
    while let Some(message) = stream.message().await? {
        messages.push(message);
    }
    Ok(messages)
}

fn count(data: &TracesData) -> usize {
    let scopes = data.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
    scopes.map(|scope| scope.spans.len()).sum()
}

fn same(case: &str, wanted: &[u8], found: &[u8], told: impl Fn() -> String) -> Result<(), String> {
    if wanted == found {
        return Ok(());
    }
    let told: String = told().chars().take(2000).collect();
    Err(format!("{case}: it came back otherwise: {told}"))
}
