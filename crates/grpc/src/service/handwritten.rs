//! Services written by hand, because their messages are decoded with a repair that generated servers have no room for.

use std::convert::Infallible;
use std::task::{Context, Poll};

use prost::Message;
use tonic::body::Body;
use tonic::codec::CompressionEncoding::{Gzip, Zstd};
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::{Grpc, NamedService};
use tonic::{Code, Request, Response, Status, Streaming};
use tower::service_fn;

use super::weighing::WeighingCodec;
use crate::codec::Repairable;

/// The methods of a service.
pub(crate) trait Methods: Clone + Send + Sync + 'static {
    /// The service's full name.
    const SERVICE: &'static str;

    /// Answers a call by its method.
    fn answer(self, call: Call) -> impl Future<Output = http::Response<Body>> + Send;
}

/// Serves methods.
#[derive(Debug, Clone)]
pub(crate) struct Handwritten<M> {
    methods: M,
    max_inbound_bytes: usize,
}

/// A call that is to be answered.
#[derive(Debug)]
pub(crate) struct Call {
    request: http::Request<Body>,
    max_inbound_bytes: usize,
}

// === impl Handwritten ===

impl<M> Handwritten<M> {
    pub(crate) fn new(methods: M, max_inbound_bytes: usize) -> Self {
        Self { methods, max_inbound_bytes }
    }
}

impl<M: Methods> NamedService for Handwritten<M> {
    const NAME: &'static str = M::SERVICE;
}

impl<M: Methods> Service<http::Request<Body>> for Handwritten<M> {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<http::Response<Body>, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let call = Call { request, max_inbound_bytes: self.max_inbound_bytes };
        let answer = self.methods.clone().answer(call);
        Box::pin(async move { Ok(not_worth_retrying(answer.await)) })
    }
}

/// tonic answers OUT_OF_RANGE to a message that is too large, which OTLP's clients take as a reason to send the same
/// message again; RESOURCE_EXHAUSTED, without further details, makes them drop it
/// (<https://opentelemetry.io/docs/specs/otlp/#failures>).
fn not_worth_retrying(mut response: http::Response<Body>) -> http::Response<Body> {
    let code = |code: Code| http::HeaderValue::from(i32::from(code));
    if let Some(status) = response.headers_mut().get_mut(Status::GRPC_STATUS)
        && *status == code(Code::OutOfRange)
    {
        *status = code(Code::ResourceExhausted);
    }
    response
}

// === impl Call ===

impl Call {
    /// What follows the service's name in the path.
    pub(crate) fn method(&self) -> &str {
        self.request.uri().path().rsplit('/').next().unwrap_or_default()
    }

    /// Answers one message with one.
    pub(crate) async fn unary<I, O, F, A>(self, answer: F) -> http::Response<Body>
    where
        I: Repairable,
        O: Message + 'static,
        F: FnMut(Request<I>) -> A,
        A: Future<Output = Result<Response<O>, Status>>,
    {
        self.grpc().unary(service_fn(answer), self.request).await
    }

    /// Answers a stream of messages with one.
    pub(crate) async fn client_streaming<I, O, F, A>(self, answer: F) -> http::Response<Body>
    where
        I: Repairable,
        O: Message + 'static,
        F: FnMut(Request<Streaming<I>>) -> A,
        A: Future<Output = Result<Response<O>, Status>>,
    {
        self.grpc().client_streaming(service_fn(answer), self.request).await
    }

    /// The answer when the service has no such method.
    pub(crate) fn unknown_method() -> http::Response<Body> {
        Status::unimplemented("the service has no such method").into_http()
    }

    fn grpc<I, O>(&self) -> Grpc<WeighingCodec<I, O>>
    where
        I: Repairable,
        O: Message + 'static,
    {
        let hold = self.request.extensions().get().cloned();
        Grpc::new(WeighingCodec::new(hold, self.max_inbound_bytes))
            .accept_compressed(Gzip)
            .accept_compressed(Zstd)
            .send_compressed(Gzip)
            .send_compressed(Zstd)
            .max_decoding_message_size(self.max_inbound_bytes)
    }
}
