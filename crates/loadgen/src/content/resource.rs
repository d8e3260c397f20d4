//! What pods say about themselves: 25 attributes each, and up to 5 about the process.

use crate::model::Attribute;
use crate::model::Value::{Between, Hex, OneOf, Text, Texts, Uuid};

pub(crate) const CLUSTER_SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.34.0";

pub(crate) const NODES: [&str; 6] = [
    "ip-10-40-17-203.eu-central-1.compute.internal",
    "ip-10-41-61-18.eu-central-1.compute.internal",
    "ip-10-42-88-140.eu-central-1.compute.internal",
    "ip-10-43-5-77.eu-central-1.compute.internal",
    "ip-10-44-120-9.eu-central-1.compute.internal",
    "ip-10-45-33-251.eu-central-1.compute.internal",
];

/// The zone of each node.
pub(crate) const ZONES: [&str; 6] =
    ["eu-central-1a", "eu-central-1b", "eu-central-1c", "eu-central-1a", "eu-central-1b", "eu-central-1c"];

pub(crate) const POD: &[Attribute] = &[
    ("service.name", Text("{self}")),
    ("service.namespace", Text("shop")),
    ("service.version", Text("{version}")),
    ("service.instance.id", Uuid),
    ("deployment.environment.name", Text("production")),
    ("cloud.availability_zone", Text("{zone}")),
    ("k8s.cluster.name", Text("shop-eu-1")),
    ("k8s.namespace.name", Text("shop")),
    ("k8s.node.name", Text("{node}")),
    ("k8s.deployment.name", Text("{self}")),
    ("k8s.pod.name", Text("{pod}")),
    ("k8s.pod.uid", Uuid),
    ("k8s.pod.ip", Text("{self.ip}")),
    ("k8s.pod.start_time", OneOf(&["2025-10-07T04:12:09Z", "2025-10-08T15:47:31Z", "2025-10-08T15:48:02Z"])),
    ("k8s.container.name", Text("{self}")),
    ("container.id", Hex(32)),
    ("container.image.name", Text("registry.example.com/shop/{self}")),
    ("container.image.tags", Texts(&["{version}-{self}"])),
    ("host.name", Text("{pod}")),
    ("host.arch", Text("amd64")),
    ("os.type", Text("linux")),
    ("os.description", Text("Linux 6.1.141-155.222.amzn2023.x86_64 #1 SMP PREEMPT_DYNAMIC")),
    ("telemetry.sdk.name", Text("opentelemetry")),
    ("telemetry.sdk.language", Text("{language}")),
    ("telemetry.sdk.version", Text("{sdk.version}")),
];

pub(crate) const GO_PROCESS: &[Attribute] = &[
    ("process.pid", Between(1, 1)),
    ("process.executable.name", Text("{self}")),
    ("process.command_args", Texts(&["/usr/src/app/{self}"])),
    ("process.runtime.name", Text("go")),
    ("process.runtime.version", Text("go1.24.4")),
];

pub(crate) const NODE_PROCESS: &[Attribute] = &[
    ("process.pid", Between(7, 40)),
    ("process.executable.path", Text("/usr/local/bin/node")),
    (
        "process.command_args",
        Texts(&["/usr/local/bin/node", "--require", "./Instrumentation.js", "/app/server.js"]),
    ),
    ("process.runtime.name", Text("nodejs")),
    ("process.runtime.version", Text("22.17.0")),
];

pub(crate) const JAVA_PROCESS: &[Attribute] = &[
    ("process.pid", Between(1, 12)),
    ("process.executable.path", Text("/opt/java/openjdk/bin/java")),
    (
        "process.command_args",
        Texts(&["java", "-javaagent:/usr/src/app/opentelemetry-javaagent.jar", "-jar", "{self}.jar"]),
    ),
    ("process.runtime.name", Text("OpenJDK Runtime Environment")),
    ("process.runtime.version", Text("21.0.7+6-LTS")),
];

pub(crate) const DOTNET_PROCESS: &[Attribute] = &[
    ("process.pid", Between(1, 1)),
    ("process.owner", Text("app")),
    ("process.runtime.name", Text(".NET")),
    ("process.runtime.version", Text("8.0.17")),
    ("process.runtime.description", Text(".NET 8.0.17")),
];

pub(crate) const PYTHON_PROCESS: &[Attribute] = &[
    ("process.pid", Between(1, 30)),
    ("process.executable.path", Text("/usr/local/bin/python3.12")),
    ("process.command_args", Texts(&["opentelemetry-instrument", "python", "{self}_server.py"])),
    ("process.runtime.name", Text("cpython")),
    ("process.runtime.version", Text("3.12.11")),
];

pub(crate) const PHP_PROCESS: &[Attribute] = &[
    ("process.pid", Between(1, 9)),
    ("process.executable.path", Text("/usr/local/bin/php")),
    ("process.runtime.name", Text("cli")),
    ("process.runtime.version", Text("8.4.10")),
];

pub(crate) const RUBY_PROCESS: &[Attribute] = &[
    ("process.pid", Between(1, 1)),
    ("process.command", Text("email_server.rb")),
    ("process.runtime.name", Text("ruby")),
    ("process.runtime.version", Text("3.4.4")),
];
