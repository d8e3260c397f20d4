//! Calls to PostgreSQL and Valkey, which record no spans of their own.

use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::span::SpanKind;

use crate::model::Value::{Int, Text};
use crate::model::{Attribute, Event, Local, Scope};

const SQL_OF_GO: Scope = Scope { name: "github.com/XSAM/otelsql", version: "0.39.0" };
const SQL_OF_DOTNET: Scope = Scope { name: "Npgsql", version: "9.0.3" };
const REDIS: Scope =
    Scope { name: "OpenTelemetry.Instrumentation.StackExchangeRedis", version: "1.12.0-beta.2" };

const fn statement(scope: Scope, name: &'static str, attributes: &'static [Attribute], micros: u64) -> Local {
    Local { scope, name, kind: SpanKind::Client, attributes, events: &[], micros, steps: &[] }
}

const fn redis(name: &'static str, attributes: &'static [Attribute]) -> Local {
    Local {
        scope: REDIS,
        name,
        kind: SpanKind::Client,
        attributes,
        events: REDIS_EVENTS,
        micros: 380,
        steps: &[],
    }
}

const REDIS_EVENTS: &[Event] = &[
    Event { name: "Enqueued", attributes: &[] },
    Event { name: "Sent", attributes: &[] },
    Event { name: "ResponseReceived", attributes: &[] },
];

pub(super) static SELECT_PRODUCT: Local = statement(
    SQL_OF_GO,
    "SELECT products",
    &[
        ("db.system.name", Text("postgresql")),
        ("db.namespace", Text("catalog")),
        ("db.collection.name", Text("products")),
        ("db.operation.name", Text("SELECT")),
        (
            "db.query.text",
            Text(
                "SELECT id, name, description, picture, price_units, price_nanos, categories FROM products WHERE id = $1",
            ),
        ),
        ("server.address", Text("postgresql")),
        ("server.port", Int(5432)),
    ],
    700,
);

pub(super) static SELECT_PRODUCTS: Local = statement(
    SQL_OF_GO,
    "SELECT products",
    &[
        ("db.system.name", Text("postgresql")),
        ("db.namespace", Text("catalog")),
        ("db.collection.name", Text("products")),
        ("db.operation.name", Text("SELECT")),
        (
            "db.query.text",
            Text("SELECT id, name, picture, price_units, price_nanos FROM products ORDER BY name LIMIT 50"),
        ),
        ("db.response.returned_rows", Int(12)),
        ("server.address", Text("postgresql")),
        ("server.port", Int(5432)),
    ],
    1_300,
);

pub(super) static INSERT_ORDER: Local = statement(
    SQL_OF_DOTNET,
    "accounting",
    &[
        ("db.system", Text("postgresql")),
        ("db.name", Text("accounting")),
        ("db.user", Text("accounting")),
        ("db.statement", Text("INSERT INTO orders (order_id, currency, created_at) VALUES (@p0, @p1, @p2)")),
        ("db.connection_id", Int(812)),
        ("net.peer.name", Text("postgresql")),
        ("net.peer.port", Int(5432)),
    ],
    1_100,
);

pub(super) static INSERT_ITEM: Local = statement(
    SQL_OF_DOTNET,
    "accounting",
    &[
        ("db.system", Text("postgresql")),
        ("db.name", Text("accounting")),
        ("db.user", Text("accounting")),
        (
            "db.statement",
            Text(
                "INSERT INTO order_items (order_id, product_id, quantity, price_units, price_nanos) VALUES (@p0, @p1, @p2, @p3, @p4)",
            ),
        ),
        ("db.connection_id", Int(812)),
        ("net.peer.name", Text("postgresql")),
        ("net.peer.port", Int(5432)),
    ],
    800,
);

pub(super) static HGET: Local = redis(
    "HGET",
    &[
        ("db.system", Text("redis")),
        ("db.redis.flags", Text("None")),
        ("db.statement", Text("HGET {user}")),
        ("server.address", Text("valkey-cart")),
        ("server.port", Int(6379)),
        ("network.peer.address", Text("10.40.3.61")),
        ("network.peer.port", Int(6379)),
        ("db.redis.database_index", Int(0)),
    ],
);

pub(super) static HMSET: Local = redis(
    "HMSET",
    &[
        ("db.system", Text("redis")),
        ("db.redis.flags", Text("DemandMaster")),
        ("db.statement", Text("HMSET {user}")),
        ("server.address", Text("valkey-cart")),
        ("server.port", Int(6379)),
        ("network.peer.address", Text("10.40.3.61")),
        ("network.peer.port", Int(6379)),
        ("db.redis.database_index", Int(0)),
    ],
);

pub(super) static EXPIRE: Local = redis(
    "EXPIRE",
    &[
        ("db.system", Text("redis")),
        ("db.redis.flags", Text("DemandMaster")),
        ("db.statement", Text("EXPIRE {user}")),
        ("server.address", Text("valkey-cart")),
        ("server.port", Int(6379)),
        ("network.peer.address", Text("10.40.3.61")),
        ("network.peer.port", Int(6379)),
        ("db.redis.database_index", Int(0)),
    ],
);
