//! Carts, and what it costs to ship them.

use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::span::SpanKind;

use super::{CART, QUOTE, SHIPPING, stores};
use crate::model::Value::{Between, Money, Text};
use crate::model::{Endpoint, Event, Local, Protocol, Scope, Step};

pub(super) static GET_CART: Endpoint = Endpoint {
    service: &CART,
    protocol: Protocol::Grpc { service: "shop.v1.CartService", method: "GetCart" },
    attributes: &[("app.user.id", Text("{user}")), ("app.cart.items.count", Between(0, 12))],
    events: &[Event { name: "fetch cart", attributes: &[] }],
    micros: 260,
    steps: &[Step::Do(&stores::HGET)],
};

pub(super) static ADD_ITEM: Endpoint = Endpoint {
    service: &CART,
    protocol: Protocol::Grpc { service: "shop.v1.CartService", method: "AddItem" },
    attributes: &[
        ("app.user.id", Text("{user}")),
        ("app.product.id", Text("{product}")),
        ("app.product.quantity", Between(1, 10)),
    ],
    events: &[],
    micros: 310,
    steps: &[Step::Do(&stores::HGET), Step::Do(&stores::HMSET), Step::Do(&stores::EXPIRE)],
};

pub(super) static EMPTY_CART: Endpoint = Endpoint {
    service: &CART,
    protocol: Protocol::Grpc { service: "shop.v1.CartService", method: "EmptyCart" },
    attributes: &[("app.user.id", Text("{user}"))],
    events: &[Event { name: "empty cart", attributes: &[] }],
    micros: 240,
    steps: &[Step::Do(&stores::HMSET), Step::Do(&stores::EXPIRE)],
};

pub(super) static GET_QUOTE: Endpoint = Endpoint {
    service: &SHIPPING,
    protocol: Protocol::Grpc { service: "shop.v1.ShippingService", method: "GetQuote" },
    attributes: &[
        ("app.shipping.zip_code", Between(10_000, 99_999)),
        ("app.shipping.cost.total", Money(500, 12_000)),
    ],
    events: &[Event { name: "quote received", attributes: &[("app.shipping.items.count", Between(1, 12))] }],
    micros: 210,
    steps: &[Step::Call(&CALCULATE)],
};

static CALCULATE: Endpoint = Endpoint {
    service: &QUOTE,
    protocol: Protocol::Http { method: "POST", route: "/getquote", path: "/getquote" },
    attributes: &[],
    events: &[
        Event { name: "quote is asked for", attributes: &[] },
        Event {
            name: "quote is worked out, answer sent",
            attributes: &[("app.quote.cost.total", Money(500, 12_000))],
        },
    ],
    micros: 1_900,
    steps: &[Step::Do(&CALCULATE_QUOTE)],
};

static CALCULATE_QUOTE: Local = Local {
    scope: Scope { name: "manual-instrumentation", version: "" },
    name: "calculate-quote",
    kind: SpanKind::Internal,
    attributes: &[("app.quote.items.count", Between(1, 12)), ("app.quote.cost.total", Money(500, 12_000))],
    events: &[Event { name: "calculating quote", attributes: &[] }],
    micros: 80,
    steps: &[],
};

pub(super) static SHIP_ORDER: Endpoint = Endpoint {
    service: &SHIPPING,
    protocol: Protocol::Grpc { service: "shop.v1.ShippingService", method: "ShipOrder" },
    attributes: &[("app.shipping.tracking.id", Text("{tracking}"))],
    events: &[Event {
        name: "tracking id made",
        attributes: &[("app.shipping.tracking.id", Text("{tracking}"))],
    }],
    micros: 90,
    steps: &[],
};
