//! Both sides of gRPC calls as the instrumentation of each language records them.

use crate::model::Value::{Bool, ConnectionPort, FreshPort, GrpcStatus, HttpStatus, Int, ListenPort, Text};
use crate::model::{Half, Scope};

const fn half(
    scope: (&'static str, &'static str),
    name: &'static str,
    attributes: &'static [crate::model::Attribute],
) -> Half {
    Half { scope: Scope { name: scope.0, version: scope.1 }, name, attributes }
}

const GO_SCOPE: (&str, &str) =
    ("go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc", "0.62.0");

pub(super) const GO_CLIENT: Half = half(
    GO_SCOPE,
    "{rpc.service}/{method}",
    &[
        ("rpc.system", Text("grpc")),
        ("rpc.service", Text("{rpc.service}")),
        ("rpc.method", Text("{method}")),
        ("server.address", Text("{server}")),
        ("server.port", ListenPort),
        ("network.peer.address", Text("{server.ip}")),
        ("rpc.grpc.status_code", GrpcStatus),
    ],
);

pub(super) const GO_SERVER: Half = half(
    GO_SCOPE,
    "{rpc.service}/{method}",
    &[
        ("rpc.system", Text("grpc")),
        ("rpc.service", Text("{rpc.service}")),
        ("rpc.method", Text("{method}")),
        ("network.peer.address", Text("{caller.ip}")),
        ("network.peer.port", ConnectionPort),
        ("rpc.grpc.status_code", GrpcStatus),
    ],
);

const NODE_SCOPE: (&str, &str) = ("@opentelemetry/instrumentation-grpc", "0.202.0");

pub(super) const NODE_CLIENT: Half = half(
    NODE_SCOPE,
    "grpc.{rpc.service}/{method}",
    &[
        ("rpc.system", Text("grpc")),
        ("rpc.method", Text("{method}")),
        ("rpc.service", Text("{rpc.service}")),
        ("net.peer.name", Text("{server}")),
        ("net.peer.port", ListenPort),
        ("rpc.grpc.status_code", GrpcStatus),
    ],
);

pub(super) const NODE_SERVER: Half = half(
    NODE_SCOPE,
    "grpc.{rpc.service}/{method}",
    &[
        ("rpc.system", Text("grpc")),
        ("rpc.method", Text("{method}")),
        ("rpc.service", Text("{rpc.service}")),
        ("rpc.grpc.status_code", GrpcStatus),
    ],
);

const JAVA_SCOPE: (&str, &str) = ("io.opentelemetry.grpc-1.6", "2.17.0-alpha");

pub(super) const JAVA_CLIENT: Half = half(
    JAVA_SCOPE,
    "{rpc.service}/{method}",
    &[
        ("thread.id", Int(38)),
        ("thread.name", Text("grpc-default-executor-2")),
        ("rpc.system", Text("grpc")),
        ("rpc.service", Text("{rpc.service}")),
        ("rpc.method", Text("{method}")),
        ("server.address", Text("{server}")),
        ("server.port", ListenPort),
        ("network.type", Text("ipv4")),
        ("network.peer.address", Text("{server.ip}")),
        ("rpc.grpc.status_code", GrpcStatus),
    ],
);

pub(super) const JAVA_SERVER: Half = half(
    JAVA_SCOPE,
    "{rpc.service}/{method}",
    &[
        ("thread.id", Int(27)),
        ("thread.name", Text("grpc-default-executor-0")),
        ("rpc.system", Text("grpc")),
        ("rpc.service", Text("{rpc.service}")),
        ("rpc.method", Text("{method}")),
        ("server.address", Text("{server}")),
        ("server.port", ListenPort),
        ("network.type", Text("ipv4")),
        ("network.peer.address", Text("{caller.ip}")),
        ("network.peer.port", ConnectionPort),
        ("rpc.grpc.status_code", GrpcStatus),
    ],
);

const PYTHON_SCOPE: (&str, &str) = ("opentelemetry.instrumentation.grpc", "0.55b1");

pub(super) const PYTHON_CLIENT: Half = half(
    PYTHON_SCOPE,
    "/{rpc.service}/{method}",
    &[
        ("rpc.system", Text("grpc")),
        ("rpc.grpc.status_code", GrpcStatus),
        ("rpc.method", Text("{method}")),
        ("rpc.service", Text("{rpc.service}")),
    ],
);

pub(super) const PYTHON_SERVER: Half = half(
    PYTHON_SCOPE,
    "/{rpc.service}/{method}",
    &[
        ("rpc.system", Text("grpc")),
        ("rpc.grpc.status_code", GrpcStatus),
        ("rpc.method", Text("{method}")),
        ("rpc.service", Text("{rpc.service}")),
        ("net.peer.ip", Text("{caller.ip}")),
        ("net.peer.port", ConnectionPort),
        ("net.peer.name", Text("{caller.ip}")),
        ("rpc.user_agent", Text("grpc-node-js/1.13.4")),
    ],
);

/// gRPC in .NET is seen by the web server's and the web client's instrumentation.
pub(super) const DOTNET_CLIENT: Half = half(
    ("OpenTelemetry.Instrumentation.GrpcNetClient", "1.12.0-beta.1"),
    "{rpc.service}/{method}",
    &[
        ("rpc.system", Text("grpc")),
        ("rpc.service", Text("{rpc.service}")),
        ("rpc.method", Text("{method}")),
        ("server.address", Text("{server}")),
        ("server.port", ListenPort),
        ("rpc.grpc.status_code", GrpcStatus),
    ],
);

pub(super) const DOTNET_SERVER: Half = half(
    ("Microsoft.AspNetCore", ""),
    "POST /{rpc.service}/{method}",
    &[
        ("server.address", Text("{server}")),
        ("server.port", ListenPort),
        ("http.request.method", Text("POST")),
        ("url.scheme", Text("http")),
        ("url.path", Text("/{rpc.service}/{method}")),
        ("network.protocol.version", Text("2")),
        ("user_agent.original", Text("grpc-node-js/1.13.4")),
        ("http.route", Text("/{rpc.service}/{method}")),
        ("grpc.method", Text("/{rpc.service}/{method}")),
        ("grpc.status_code", Text("0")),
        ("http.response.status_code", HttpStatus),
    ],
);

/// By hand, as where there is no automatic instrumentation.
pub(super) const MANUAL_CLIENT: Half = half(
    ("shop.rpc", ""),
    "{rpc.service}/{method}",
    &[
        ("rpc.system", Text("grpc")),
        ("rpc.service", Text("{rpc.service}")),
        ("rpc.method", Text("{method}")),
        ("server.address", Text("{server}")),
        ("rpc.grpc.status_code", GrpcStatus),
    ],
);

pub(super) const MANUAL_SERVER: Half = half(
    ("shop.rpc", ""),
    "{rpc.service}/{method}",
    &[
        ("rpc.system", Text("grpc")),
        ("rpc.service", Text("{rpc.service}")),
        ("rpc.method", Text("{method}")),
        ("rpc.grpc.status_code", GrpcStatus),
    ],
);

pub(super) const RUST_SERVER: Half = half(
    ("tonic-tracing-opentelemetry", "0.29.0"),
    "{rpc.service}/{method}",
    &[
        ("code.file.path", Text("src/shipping_service.rs")),
        ("code.module.name", Text("shipping::shipping_service")),
        ("rpc.system", Text("grpc")),
        ("rpc.service", Text("{rpc.service}")),
        ("rpc.method", Text("{method}")),
        ("thread.id", Int(4)),
        ("client.port", FreshPort),
        ("otel.is_sampled", Bool(true)),
        ("rpc.grpc.status_code", GrpcStatus),
    ],
);
