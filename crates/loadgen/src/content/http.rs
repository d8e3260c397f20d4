//! Both sides of HTTP calls as the instrumentation of each language records them.

use crate::model::Value::{Between, Digits, FreshPort, HttpStatus, HttpStatusText, Int, ListenPort, Text};
use crate::model::{Attribute, Half, Scope};

const fn half(
    scope: (&'static str, &'static str),
    name: &'static str,
    attributes: &'static [Attribute],
) -> Half {
    Half { scope: Scope { name: scope.0, version: scope.1 }, name, attributes }
}

/// Envoy's own keys, older than the conventions.
const PROXY_ATTRIBUTES: &[Attribute] = &[
    ("node_id", Text("")),
    ("zone", Text("")),
    ("guid:x-request-id", Text("{request}")),
    ("http.url", Text("http://shop.example.com{path}")),
    ("http.method", Text("{method}")),
    ("downstream_cluster", Text("-")),
    ("user_agent", Text("{agent}")),
    ("http.protocol", Text("HTTP/1.1")),
    ("peer.address", Text("{client.ip}")),
    ("request_size", Digits(0, 0)),
    ("response_size", Digits(180, 9_000)),
    ("component", Text("proxy")),
    ("upstream_cluster", Text("{server}")),
    ("upstream_cluster.name", Text("{server}")),
    ("http.status_code", Text("200")),
    ("response_flags", Text("-")),
];

pub(super) const PROXY_CLIENT: Half = half(("", ""), "router {server} egress", PROXY_ATTRIBUTES);
pub(super) const PROXY_SERVER: Half = half(("", ""), "ingress", PROXY_ATTRIBUTES);

const NODE_SCOPE: (&str, &str) = ("@opentelemetry/instrumentation-http", "0.202.0");

pub(super) const NODE_SERVER: Half = half(
    NODE_SCOPE,
    "{method}",
    &[
        ("http.url", Text("http://shop.example.com{path}")),
        ("http.host", Text("shop.example.com")),
        ("net.host.name", Text("shop.example.com")),
        ("http.method", Text("{method}")),
        ("http.scheme", Text("http")),
        ("http.client_ip", Text("{client.ip}")),
        ("http.target", Text("{path}")),
        ("http.user_agent", Text("{agent}")),
        ("http.flavor", Text("1.1")),
        ("net.transport", Text("ip_tcp")),
        ("net.host.ip", Text("{self.ip}")),
        ("net.host.port", ListenPort),
        ("net.peer.ip", Text("{caller.ip}")),
        ("net.peer.port", FreshPort),
        ("http.status_code", HttpStatus),
        ("http.status_text", HttpStatusText),
    ],
);

pub(super) const NODE_CLIENT: Half = half(
    NODE_SCOPE,
    "{method}",
    &[
        ("http.url", Text("http://{server}:{server.port}{path}")),
        ("http.method", Text("{method}")),
        ("http.target", Text("{path}")),
        ("net.peer.name", Text("{server}")),
        ("net.peer.ip", Text("{server.ip}")),
        ("net.peer.port", ListenPort),
        ("http.host", Text("{server}:{server.port}")),
        ("http.status_code", HttpStatus),
        ("http.status_text", HttpStatusText),
        ("http.flavor", Text("1.1")),
        ("net.transport", Text("ip_tcp")),
    ],
);

const GO_SCOPE: (&str, &str) = ("go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp", "0.62.0");

const STABLE_CLIENT: &[Attribute] = &[
    ("http.request.method", Text("{method}")),
    ("url.full", Text("http://{server}:{server.port}{path}")),
    ("server.address", Text("{server}")),
    ("server.port", ListenPort),
    ("network.peer.address", Text("{server.ip}")),
    ("network.protocol.version", Text("1.1")),
    ("http.response.status_code", HttpStatus),
];

const STABLE_SERVER: &[Attribute] = &[
    ("http.request.method", Text("{method}")),
    ("url.scheme", Text("http")),
    ("url.path", Text("{path}")),
    ("http.route", Text("{route}")),
    ("server.address", Text("{server}")),
    ("server.port", ListenPort),
    ("client.address", Text("{caller.ip}")),
    ("network.peer.address", Text("{caller.ip}")),
    ("network.peer.port", FreshPort),
    ("network.protocol.version", Text("1.1")),
    ("user_agent.original", Text("Go-http-client/1.1")),
    ("http.response.status_code", HttpStatus),
];

pub(super) const GO_CLIENT: Half = half(GO_SCOPE, "HTTP {method}", STABLE_CLIENT);
pub(super) const GO_SERVER: Half = half(GO_SCOPE, "{method} {route}", STABLE_SERVER);
pub(super) const JAVA_CLIENT: Half =
    half(("io.opentelemetry.java-http-client", "2.17.0-alpha"), "{method}", STABLE_CLIENT);
pub(super) const JAVA_SERVER: Half =
    half(("io.opentelemetry.netty-4.1", "2.17.0-alpha"), "{method} {route}", STABLE_SERVER);
pub(super) const DOTNET_CLIENT: Half = half(("System.Net.Http", ""), "{method}", STABLE_CLIENT);
pub(super) const DOTNET_SERVER: Half = half(("Microsoft.AspNetCore", ""), "{method} {route}", STABLE_SERVER);
pub(super) const PYTHON_CLIENT: Half =
    half(("opentelemetry.instrumentation.requests", "0.55b1"), "{method}", STABLE_CLIENT);
pub(super) const PYTHON_SERVER: Half =
    half(("opentelemetry.instrumentation.flask", "0.55b1"), "{method} {route}", STABLE_SERVER);
pub(super) const RUST_CLIENT: Half = half(("reqwest-tracing", "0.5.8"), "{method}", STABLE_CLIENT);

/// Sinatra on Rack.
pub(super) const RUBY_SERVER: Half = half(
    ("OpenTelemetry::Instrumentation::Rack", "0.26.0"),
    "{method} {route}",
    &[
        ("http.method", Text("{method}")),
        ("http.host", Text("{server}:{server.port}")),
        ("http.scheme", Text("http")),
        ("http.target", Text("{path}")),
        ("http.user_agent", Text("Go-http-client/1.1")),
        ("http.route", Text("{route}")),
        ("http.status_code", HttpStatus),
    ],
);

/// Slim, a framework of PHP.
pub(super) const PHP_SERVER: Half = half(
    ("io.opentelemetry.contrib.php.slim", "1.1.0"),
    "{method} {route}",
    &[
        ("code.function.name", Text("Slim\\App::handle")),
        ("code.file.path", Text("/var/www/vendor/slim/slim/Slim/App.php")),
        ("code.line.number", Int(197)),
        ("url.full", Text("http://{server}:{server.port}{path}")),
        ("http.request.method", Text("{method}")),
        ("http.request.body.size", Digits(24, 140)),
        ("user_agent.original", Text("")),
        ("server.address", Text("{server}")),
        ("server.port", ListenPort),
        ("http.route", Text("{route}")),
        ("http.response.status_code", HttpStatus),
        ("network.protocol.version", Text("1.1")),
    ],
);

/// The web server that hands out files.
pub(super) const NGINX_SERVER: Half = half(
    ("nginx", ""),
    "{self}",
    &[
        ("http.method", Text("{method}")),
        ("http.target", Text("{path}")),
        ("http.route", Text("{route}")),
        ("http.scheme", Text("http")),
        ("http.flavor", Text("1.1")),
        ("http.user_agent", Text("")),
        ("http.request_content_length", Int(0)),
        ("http.response_content_length", Between(48_000, 320_000)),
        ("http.status_code", HttpStatus),
        ("net.host.name", Text("{self}")),
        ("net.host.port", ListenPort),
        ("net.sock.peer.addr", Text("{caller.ip}")),
        ("net.sock.peer.port", FreshPort),
    ],
);
