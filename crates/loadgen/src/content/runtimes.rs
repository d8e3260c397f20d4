//! The languages, each with its SDK.

use super::{exceptions, grpc, http, resource};
use crate::model::Runtime;

/// Envoy and nginx, which carry tracers of their own, see microseconds.
pub(super) static PROXY: Runtime = Runtime {
    language: "cpp",
    sdk_version: "1.34.2",
    tick_nanos: 1_000,
    process: &[],
    grpc_client: grpc::MANUAL_CLIENT,
    grpc_server: grpc::MANUAL_SERVER,
    http_client: http::PROXY_CLIENT,
    http_server: http::PROXY_SERVER,
    exceptions: &[],
};

pub(super) static NGINX: Runtime = Runtime {
    language: "cpp",
    sdk_version: "1.20.0",
    tick_nanos: 1,
    process: &[],
    grpc_client: grpc::MANUAL_CLIENT,
    grpc_server: grpc::MANUAL_SERVER,
    http_client: http::PROXY_CLIENT,
    http_server: http::NGINX_SERVER,
    exceptions: &[],
};

pub(super) static CPP: Runtime = Runtime {
    language: "cpp",
    sdk_version: "1.21.0",
    tick_nanos: 1,
    process: &[],
    grpc_client: grpc::MANUAL_CLIENT,
    grpc_server: grpc::MANUAL_SERVER,
    http_client: http::RUST_CLIENT,
    http_server: http::NGINX_SERVER,
    exceptions: &[],
};

pub(super) static NODE: Runtime = Runtime {
    language: "nodejs",
    sdk_version: "2.0.1",
    tick_nanos: 1,
    process: resource::NODE_PROCESS,
    grpc_client: grpc::NODE_CLIENT,
    grpc_server: grpc::NODE_SERVER,
    http_client: http::NODE_CLIENT,
    http_server: http::NODE_SERVER,
    exceptions: exceptions::NODE,
};

pub(super) static GO: Runtime = Runtime {
    language: "go",
    sdk_version: "1.37.0",
    tick_nanos: 1,
    process: resource::GO_PROCESS,
    grpc_client: grpc::GO_CLIENT,
    grpc_server: grpc::GO_SERVER,
    http_client: http::GO_CLIENT,
    http_server: http::GO_SERVER,
    exceptions: exceptions::GO,
};

pub(super) static JAVA: Runtime = Runtime {
    language: "java",
    sdk_version: "1.51.0",
    tick_nanos: 1,
    process: resource::JAVA_PROCESS,
    grpc_client: grpc::JAVA_CLIENT,
    grpc_server: grpc::JAVA_SERVER,
    http_client: http::JAVA_CLIENT,
    http_server: http::JAVA_SERVER,
    exceptions: exceptions::JAVA,
};

pub(super) static DOTNET: Runtime = Runtime {
    language: "dotnet",
    sdk_version: "1.12.0",
    tick_nanos: 100,
    process: resource::DOTNET_PROCESS,
    grpc_client: grpc::DOTNET_CLIENT,
    grpc_server: grpc::DOTNET_SERVER,
    http_client: http::DOTNET_CLIENT,
    http_server: http::DOTNET_SERVER,
    exceptions: exceptions::DOTNET,
};

pub(super) static PYTHON: Runtime = Runtime {
    language: "python",
    sdk_version: "1.34.1",
    tick_nanos: 1,
    process: resource::PYTHON_PROCESS,
    grpc_client: grpc::PYTHON_CLIENT,
    grpc_server: grpc::PYTHON_SERVER,
    http_client: http::PYTHON_CLIENT,
    http_server: http::PYTHON_SERVER,
    exceptions: exceptions::PYTHON,
};

pub(super) static RUST: Runtime = Runtime {
    language: "rust",
    sdk_version: "0.30.0",
    tick_nanos: 1,
    process: &[],
    grpc_client: grpc::MANUAL_CLIENT,
    grpc_server: grpc::RUST_SERVER,
    http_client: http::RUST_CLIENT,
    http_server: http::GO_SERVER,
    exceptions: &[],
};

pub(super) static PHP: Runtime = Runtime {
    language: "php",
    sdk_version: "1.6.0",
    tick_nanos: 1,
    process: resource::PHP_PROCESS,
    grpc_client: grpc::MANUAL_CLIENT,
    grpc_server: grpc::MANUAL_SERVER,
    http_client: http::PYTHON_CLIENT,
    http_server: http::PHP_SERVER,
    exceptions: exceptions::PHP,
};

pub(super) static RUBY: Runtime = Runtime {
    language: "ruby",
    sdk_version: "1.8.1",
    tick_nanos: 1,
    process: resource::RUBY_PROCESS,
    grpc_client: grpc::MANUAL_CLIENT,
    grpc_server: grpc::MANUAL_SERVER,
    http_client: http::PYTHON_CLIENT,
    http_server: http::RUBY_SERVER,
    exceptions: exceptions::RUBY,
};
