//! The archive of Jaeger up to v1.65, and what the server says it can do.

use std::sync::Arc;

use jaeger_dynamodb_core::MemoryStore;
use jaeger_dynamodb_grpc::{Archive, GrpcConfig, Stores};
use jaeger_dynamodb_proto::jaeger::storage::v1::archive_span_reader_plugin_client::ArchiveSpanReaderPluginClient;
use jaeger_dynamodb_proto::jaeger::storage::v1::archive_span_writer_plugin_client::ArchiveSpanWriterPluginClient;
use jaeger_dynamodb_proto::jaeger::storage::v1::plugin_capabilities_client::PluginCapabilitiesClient;
use jaeger_dynamodb_proto::jaeger::storage::v1::{
    CapabilitiesRequest, CapabilitiesResponse, CloseWriterRequest, WriteSpanRequest, WriteSpanResponse,
};
use prost::Message;
use tonic::transport::Channel;
use tonic::{Code, Request};

use super::common::{by_id, end_of, spans_of, v1_span, writing};
use crate::common::{Server, all, in_memory};
use crate::gated::Gated;
use crate::raw;

fn with_archive() -> Stores {
    Stores { archive: Some(Archive::of(Arc::new(MemoryStore::new()))), ..in_memory() }
}

fn writer(server: &Server) -> ArchiveSpanWriterPluginClient<Channel> {
    ArchiveSpanWriterPluginClient::new(server.channel.clone())
}

fn reader(server: &Server) -> ArchiveSpanReaderPluginClient<Channel> {
    ArchiveSpanReaderPluginClient::new(server.channel.clone())
}

#[tokio::test]
async fn archived_spans_are_in_the_archive_alone() {
    let server = Server::over(with_archive()).await;
    writer(&server).write_archive_span(writing(v1_span(1, 1))).await.unwrap();
    server.write(v1_span(2, 1)).await.unwrap();
    let archived = reader(&server).get_archive_trace(by_id(vec![1; 16])).await.unwrap().into_inner();
    assert_eq!(spans_of(all(archived).await), [v1_span(1, 1)]);
    let not_archived = end_of(reader(&server).get_archive_trace(by_id(vec![2; 16])).await).await;
    let archived_only = end_of(server.v1_reader().get_trace(by_id(vec![1; 16])).await).await;
    for status in [not_archived, archived_only] {
        assert_eq!((status.code(), status.message()), (Code::NotFound, "trace not found"));
    }
}

#[tokio::test]
async fn an_archived_span_is_judged_and_mended_like_any_other() {
    let server = Server::over(with_archive()).await;
    let refused = writer(&server).write_archive_span(WriteSpanRequest { span: None }).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let refused = reader(&server).get_archive_trace(by_id(vec![1; 3])).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let mut bytes = writing(v1_span(1, 1)).encode_to_vec();
    let at = bytes.windows(4).position(|window| window == b"oper").unwrap();
    bytes[at] = 0xff;
    let path = "/jaeger.storage.v1.ArchiveSpanWriterPlugin/WriteArchiveSpan";
    raw::unary::<WriteSpanResponse>(&server, path, bytes, None).await.unwrap();
    let archived = reader(&server).get_archive_trace(by_id(vec![1; 16])).await.unwrap().into_inner();
    assert_eq!(spans_of(all(archived).await)[0].operation_name, "\u{fffd}peration 1");
}

#[tokio::test]
async fn without_an_archive_its_services_are_not_implemented() {
    let server = Server::in_memory().await;
    let write = writer(&server).write_archive_span(writing(v1_span(1, 1))).await.unwrap_err();
    let read = reader(&server).get_archive_trace(by_id(vec![1; 16])).await.unwrap_err();
    for refused in [write, read] {
        assert_eq!((refused.code(), refused.message()), (Code::Unimplemented, "not implemented"));
    }
}

#[tokio::test]
async fn close_waits_for_the_archive_too() {
    let gate = Gated::shut();
    let archive = Some(Archive::of(Arc::new(gate.clone())));
    let server = Server::over(Stores { archive, ..in_memory() }).await;
    let (mut archiving, mut closing) = (writer(&server), server.v1_writer());
    let write = tokio::spawn(async move { archiving.write_archive_span(writing(v1_span(1, 1))).await });
    gate.begun(1).await;
    let close = tokio::spawn(async move { closing.close(CloseWriterRequest {}).await });
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
    assert!(!close.is_finished());
    gate.open();
    close.await.unwrap().unwrap();
    write.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_request_that_names_a_tenant_is_refused() {
    let server = Server::over(with_archive()).await;
    let mut write = Request::new(writing(v1_span(1, 1)));
    write.metadata_mut().insert("x-tenant", "acme".parse().unwrap());
    let mut read = Request::new(by_id(vec![1; 16]));
    read.metadata_mut().insert("x-tenant", "acme".parse().unwrap());
    let write = writer(&server).write_archive_span(write).await.unwrap_err();
    let read = reader(&server).get_archive_trace(read).await.unwrap_err();
    assert_eq!((write.code(), read.code()), (Code::PermissionDenied, Code::PermissionDenied));
}

#[tokio::test]
async fn capabilities_are_what_the_server_was_given() {
    for (stores, streaming_writer, archive) in
        [(in_memory(), false, false), (with_archive(), false, true), (in_memory(), true, false)]
    {
        let server = Server::configured(stores, GrpcConfig { streaming_writer, ..Default::default() }).await;
        let mut client = PluginCapabilitiesClient::new(server.channel.clone());
        let answer = client.capabilities(CapabilitiesRequest {}).await.unwrap().into_inner();
        let expected = CapabilitiesResponse {
            archive_span_reader: archive,
            archive_span_writer: archive,
            streaming_span_writer: streaming_writer,
        };
        assert_eq!(answer, expected);
    }
}
