//! The terms in which the content tables describe an application.
//!
//! Texts may hold placeholders such as `{user}`; `scene` says which there are.

use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::span::SpanKind;

/// Services and what is asked of them.
#[derive(Debug)]
pub(crate) struct Application {
    /// Each stands at the position that is its role.
    pub(crate) services: &'static [&'static Service],
    pub(crate) requests: &'static [Request],
    /// Of 1 000 traces, so many fail with an exception.
    pub(crate) failing_per_mille: u32,
}

/// A deployed program.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) role: usize,
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) port: &'static str,
    pub(crate) runtime: &'static Runtime,
}

/// What a language and its OpenTelemetry SDK add to spans.
#[derive(Debug)]
pub(crate) struct Runtime {
    pub(crate) language: &'static str,
    pub(crate) sdk_version: &'static str,
    /// Resolution of its clock.
    pub(crate) tick_nanos: u64,
    pub(crate) process: &'static [Attribute],
    pub(crate) grpc_client: Half,
    pub(crate) grpc_server: Half,
    pub(crate) http_client: Half,
    pub(crate) http_server: Half,
    pub(crate) exceptions: &'static [Exception],
}

/// One side of a call, as its instrumentation records it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Half {
    pub(crate) scope: Scope,
    pub(crate) name: &'static str,
    pub(crate) attributes: &'static [Attribute],
}

/// An instrumentation scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
}

#[derive(Debug)]
pub(crate) struct Exception {
    pub(crate) class: &'static str,
    pub(crate) message: &'static str,
    pub(crate) stack: &'static str,
}

/// What comes in from outside.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) weight: u32,
    pub(crate) endpoint: &'static Endpoint,
    /// Fewest and most items that [`Step::ForEachItem`] runs over.
    pub(crate) items: (u32, u32),
}

/// What a service offers to others.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) service: &'static Service,
    pub(crate) protocol: Protocol,
    /// What the service adds to what its instrumentation records.
    pub(crate) attributes: &'static [Attribute],
    pub(crate) events: &'static [Event],
    /// Its own work without that of its steps, typically.
    pub(crate) micros: u64,
    pub(crate) steps: &'static [Step],
}

#[derive(Debug)]
pub(crate) enum Protocol {
    Grpc { service: &'static str, method: &'static str },
    Http { method: &'static str, route: &'static str, path: &'static str },
}

/// Part of what an endpoint does; steps are done one after the other.
#[derive(Debug)]
pub(crate) enum Step {
    /// Calls another service: a client span here, a server span there.
    Call(&'static Endpoint),
    /// Does something within the service.
    Do(&'static Local),
    ForEachItem(&'static [Step]),
    /// Repeats the steps between so many and so many times.
    Repeat(u32, u32, &'static [Step]),
    /// Sends a message that others take later: nobody waits for them.
    Publish(&'static Local, &'static [Consumer]),
}

/// A span without a counterpart in another service.
#[derive(Debug)]
pub(crate) struct Local {
    pub(crate) scope: Scope,
    pub(crate) name: &'static str,
    pub(crate) kind: SpanKind,
    pub(crate) attributes: &'static [Attribute],
    pub(crate) events: &'static [Event],
    pub(crate) micros: u64,
    pub(crate) steps: &'static [Step],
}

#[derive(Debug)]
pub(crate) struct Consumer {
    pub(crate) service: &'static Service,
    pub(crate) local: Local,
}

/// An event of a span, at a random moment of it.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) name: &'static str,
    pub(crate) attributes: &'static [Attribute],
}

pub(crate) type Attribute = (&'static str, Value);

/// How an attribute gets its value.
#[derive(Debug)]
pub(crate) enum Value {
    Text(&'static str),
    Texts(&'static [&'static str]),
    Int(i64),
    Bool(bool),
    /// One of the texts, each as likely.
    OneOf(&'static [&'static str]),
    /// A number between the two, both included.
    Between(i64, i64),
    /// The same, written as text.
    Digits(i64, i64),
    /// An amount of money between the two, in hundredths.
    Money(u32, u32),
    Uuid,
    /// So many random bytes in hexadecimal digits.
    Hex(usize),
    /// The port that the callee listens on.
    ListenPort,
    /// The caller's port on a connection that lasts.
    ConnectionPort,
    /// The caller's port on a connection of its own for each call.
    FreshPort,
    /// The status of a call: patched when the call fails.
    HttpStatus,
    HttpStatusText,
    GrpcStatus,
}
