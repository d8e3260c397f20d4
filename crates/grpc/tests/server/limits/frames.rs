//! A client that sends the frames it is told, and then ends or does not.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use http_body::Frame;
use tokio::time::{Interval, interval};
use tonic::body::Body;
use tonic::codegen::http::{HeaderMap, Request, Response};
use tonic::transport::Channel;
use tonic::{Code, Status};
use tower::ServiceExt;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    End,
    Nothing,
    /// A byte ten times a second.
    Drops,
}

struct Frames {
    frames: VecDeque<Bytes>,
    then: Then,
    next_drop: Interval,
}

const BETWEEN_DROPS: Duration = Duration::from_millis(100);

impl http_body::Body for Frames {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        match (self.frames.pop_front(), self.then) {
            (None, Then::Drops) => {
                self.next_drop.poll_tick(context).map(|_| Some(Ok(Frame::data(Bytes::from_static(&[0])))))
            }
            (Some(bytes), _) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            (None, Then::End) => Poll::Ready(None),
            (None, Then::Nothing) => Poll::Pending,
        }
    }
}

/// A message as gRPC frames it, which says it has `length` bytes.
pub(super) fn message(is_compressed: bool, length: usize, bytes: &[u8]) -> Bytes {
    let mut framed = BytesMut::new();
    framed.put_u8(is_compressed.into());
    framed.put_u32(length.try_into().unwrap());
    framed.put_slice(bytes);
    framed.freeze()
}

/// The status of a call that is answered by one alone.
pub(super) async fn refused(
    channel: Channel,
    path: &'static str,
    encoding: &'static str,
    frames: Vec<Bytes>,
    then: Then,
) -> Status {
    let answer = call(channel, path, &[("grpc-encoding", encoding)], frames, then).await;
    Status::from_header_map(answer.headers()).unwrap_or_else(|| Status::new(Code::Ok, ""))
}

pub(super) async fn call(
    channel: Channel,
    path: &'static str,
    headers: &[(&'static str, &'static str)],
    frames: Vec<Bytes>,
    then: Then,
) -> Response<Body> {
    let body = Body::new(Frames { frames: frames.into(), then, next_drop: interval(BETWEEN_DROPS) });
    let mut request = Request::post(path).header("content-type", "application/grpc").header("te", "trailers");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    channel.oneshot(request.body(body).unwrap()).await.unwrap()
}

/// The status at the end of an answer.
pub(super) async fn status(answer: Response<Body>) -> i32 {
    let read = |headers: &HeaderMap| {
        headers.get(Status::GRPC_STATUS).map(|status| status.to_str().unwrap().parse().unwrap())
    };
    if let Some(status) = read(answer.headers()) {
        return status;
    }
    let mut body = answer.into_body();
    loop {
        let frame = std::future::poll_fn(|context| http_body::Body::poll_frame(Pin::new(&mut body), context));
        let frame = frame.await.unwrap().unwrap();
        if let Some(status) = frame.trailers_ref().and_then(read) {
            return status;
        }
    }
}
