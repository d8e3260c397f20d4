//! A batch job that works through some five thousand records in one trace.

use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::span::SpanKind;

use super::runtimes;
use crate::model::Value::{Between, Int, OneOf, Text};
use crate::model::{Application, Endpoint, Local, Protocol, Request, Scope, Service, Step};

pub(crate) static APPLICATION: Application =
    Application { services: &SERVICES, requests: &REQUESTS, failing_per_mille: 6 };

static SERVICES: [&Service; 3] = [&SCHEDULER, &IMPORTER, &ENRICHER];

static SCHEDULER: Service =
    Service { role: 0, name: "job-scheduler", version: "1.4.0", port: "8080", runtime: &runtimes::JAVA };
static IMPORTER: Service =
    Service { role: 1, name: "record-importer", version: "2.9.1", port: "8081", runtime: &runtimes::PYTHON };
static ENRICHER: Service =
    Service { role: 2, name: "address-enricher", version: "0.6.3", port: "8082", runtime: &runtimes::GO };

static REQUESTS: [Request; 1] = [Request { weight: 1, endpoint: &START, items: (0, 0) }];

static START: Endpoint = Endpoint {
    service: &SCHEDULER,
    protocol: Protocol::Http { method: "POST", route: "/jobs/{id}/run", path: "/jobs/nightly-import/run" },
    attributes: &[("job.name", Text("nightly-import"))],
    events: &[],
    micros: 4_000,
    steps: &[Step::Call(&IMPORT)],
};

static IMPORT: Endpoint = Endpoint {
    service: &IMPORTER,
    protocol: Protocol::Http { method: "POST", route: "/import", path: "/import?source=nightly" },
    attributes: &[("job.run.id", Text("{request}"))],
    events: &[],
    micros: 9_000,
    steps: &[Step::Repeat(4_900, 5_100, &[Step::Do(&PROCESS)])],
};

static PROCESS: Local = Local {
    scope: Scope { name: "importer", version: "2.9.1" },
    name: "process record",
    kind: SpanKind::Internal,
    attributes: &[
        ("record.id", Text("{record}")),
        ("record.kind", OneOf(&["customer", "supplier", "invoice", "address"])),
        ("record.size", Between(200, 9_000)),
    ],
    events: &[],
    micros: 2_000,
    steps: &[Step::Call(&ENRICH), Step::Do(&UPSERT)],
};

static ENRICH: Endpoint = Endpoint {
    service: &ENRICHER,
    protocol: Protocol::Grpc { service: "enrich.v1.Addresses", method: "Complete" },
    attributes: &[("record.id", Text("{record}")), ("enrich.candidates", Between(0, 20))],
    events: &[],
    micros: 4_500,
    steps: &[],
};

static UPSERT: Local = Local {
    scope: Scope { name: "opentelemetry.instrumentation.psycopg2", version: "0.55b1" },
    name: "INSERT",
    kind: SpanKind::Client,
    attributes: &[
        ("db.system", Text("postgresql")),
        ("db.name", Text("warehouse")),
        (
            "db.statement",
            Text(
                "INSERT INTO records (id, kind, body) VALUES (%s, %s, %s) ON CONFLICT (id) DO UPDATE SET body = EXCLUDED.body",
            ),
        ),
        ("net.peer.name", Text("warehouse-db")),
        ("net.peer.port", Int(5432)),
    ],
    events: &[],
    micros: 2_500,
    steps: &[],
};
