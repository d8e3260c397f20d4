//! Placing an order: who takes the money, who writes the letter, and who hears of it later.

use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::span::SpanKind;

use super::{ACCOUNTING, CHECKOUT, EMAIL, FRAUD, PAYMENT, basket, catalog, stores};
use crate::model::Value::{Between, Bool, Int, Money, OneOf, Text};
use crate::model::{Consumer, Endpoint, Event, Local, Protocol, Scope, Step};

pub(super) static PLACE_ORDER: Endpoint = Endpoint {
    service: &CHECKOUT,
    protocol: Protocol::Grpc { service: "shop.v1.CheckoutService", method: "PlaceOrder" },
    attributes: &[
        ("app.user.id", Text("{user}")),
        ("app.user.currency", Text("{currency}")),
        ("app.order.id", Text("{order}")),
        ("app.shipping.amount", Money(500, 12_000)),
        ("app.order.amount", Money(1_500, 400_000)),
        ("app.order.items.count", Between(1, 4)),
        ("app.shipping.tracking.id", Text("{tracking}")),
    ],
    events: &[
        Event { name: "prepared", attributes: &[] },
        Event { name: "charged", attributes: &[("app.payment.transaction.id", Text("{transaction}"))] },
        Event { name: "shipped", attributes: &[("app.shipping.tracking.id", Text("{tracking}"))] },
    ],
    micros: 900,
    steps: &[
        Step::Do(&PREPARE),
        Step::Call(&CHARGE),
        Step::Call(&basket::SHIP_ORDER),
        Step::Call(&basket::EMPTY_CART),
        Step::Call(&SEND_CONFIRMATION),
        Step::Publish(&PUBLISH, &LISTENERS),
    ],
};

static PREPARE: Local = Local {
    scope: Scope { name: "checkout", version: "" },
    name: "prepareOrderItemsAndShippingQuoteFromCart",
    kind: SpanKind::Internal,
    attributes: &[
        ("app.shipping.amount", Money(500, 12_000)),
        ("app.cart.items.count", Between(1, 12)),
        ("app.order.items.count", Between(1, 4)),
    ],
    events: &[],
    micros: 300,
    steps: &[
        Step::Call(&basket::GET_CART),
        Step::ForEachItem(&[Step::Call(&catalog::GET_PRODUCT), Step::Call(&catalog::CONVERT)]),
        Step::Call(&basket::GET_QUOTE),
        Step::Call(&catalog::CONVERT),
    ],
};

static CHARGE: Endpoint = Endpoint {
    service: &PAYMENT,
    protocol: Protocol::Grpc { service: "shop.v1.PaymentService", method: "Charge" },
    attributes: &[
        ("app.payment.amount", Money(2_000, 412_000)),
        ("app.payment.currency", Text("{currency}")),
    ],
    events: &[],
    micros: 420,
    steps: &[Step::Do(&CHARGE_CARD)],
};

static CHARGE_CARD: Local = Local {
    scope: Scope { name: "payment", version: "" },
    name: "charge",
    kind: SpanKind::Internal,
    attributes: &[
        ("app.payment.card_type", OneOf(&["visa", "mastercard"])),
        ("app.payment.card_valid", Bool(true)),
        ("app.payment.charged", Bool(true)),
        ("app.loyalty.level", OneOf(&["platinum", "gold", "silver", "bronze"])),
        ("app.payment.transaction.id", Text("{transaction}")),
    ],
    events: &[],
    micros: 650,
    steps: &[Step::Call(&catalog::RESOLVE_FLAG)],
};

static SEND_CONFIRMATION: Endpoint = Endpoint {
    service: &EMAIL,
    protocol: Protocol::Http {
        method: "POST",
        route: "/send_order_confirmation",
        path: "/send_order_confirmation",
    },
    attributes: &[("app.order.id", Text("{order}"))],
    events: &[],
    micros: 700,
    steps: &[Step::Do(&RENDER), Step::Do(&SEND)],
};

static RENDER: Local = Local {
    scope: Scope { name: "OpenTelemetry::Instrumentation::Sinatra", version: "0.25.0" },
    name: "sinatra.render_template",
    kind: SpanKind::Internal,
    attributes: &[("sinatra.template_name", Text("confirmation"))],
    events: &[],
    micros: 900,
    steps: &[],
};

static SEND: Local = Local {
    scope: Scope { name: "email", version: "" },
    name: "send_email",
    kind: SpanKind::Internal,
    attributes: &[("app.email.recipient", Text("{email}"))],
    events: &[],
    micros: 2_200,
    steps: &[],
};

static PUBLISH: Local = Local {
    scope: Scope { name: "checkout", version: "" },
    name: "orders publish",
    kind: SpanKind::Producer,
    attributes: &[
        ("peer.service", Text("kafka")),
        ("network.transport", Text("tcp")),
        ("messaging.system", Text("kafka")),
        ("messaging.destination.name", Text("orders")),
        ("messaging.operation.name", Text("publish")),
        ("messaging.operation.type", Text("send")),
        ("messaging.kafka.message.key", Text("{order}")),
        ("messaging.destination.partition.id", OneOf(&["0", "1", "2"])),
        ("messaging.kafka.offset", Between(4_180_000, 4_190_000)),
        ("messaging.kafka.producer.success", Bool(true)),
        ("messaging.kafka.producer.duration_ms", Between(1, 40)),
    ],
    events: &[],
    micros: 2_600,
    steps: &[],
};

static LISTENERS: [Consumer; 2] = [
    Consumer {
        service: &ACCOUNTING,
        local: Local {
            scope: Scope { name: "OpenTelemetry.Instrumentation.ConfluentKafka", version: "0.1.0-alpha.3" },
            name: "orders process",
            kind: SpanKind::Consumer,
            attributes: &[
                ("messaging.system", Text("kafka")),
                ("messaging.client.id", Text("rdkafka#consumer-1")),
                ("messaging.consumer.group.name", Text("accounting")),
                ("messaging.destination.name", Text("orders")),
                ("messaging.destination.partition.id", OneOf(&["0", "1", "2"])),
                ("messaging.operation.name", Text("process")),
                ("messaging.kafka.message.key", Text("{order}")),
                ("messaging.kafka.offset", Between(4_180_000, 4_190_000)),
                ("messaging.message.body.size", Between(180, 700)),
            ],
            events: &[],
            micros: 1_200,
            steps: &[Step::Do(&stores::INSERT_ORDER), Step::ForEachItem(&[Step::Do(&stores::INSERT_ITEM)])],
        },
    },
    Consumer {
        service: &FRAUD,
        local: Local {
            scope: Scope { name: "io.opentelemetry.kafka-clients-0.11", version: "2.17.0-alpha" },
            name: "orders process",
            kind: SpanKind::Consumer,
            attributes: &[
                ("thread.id", Int(1)),
                ("thread.name", Text("main")),
                ("messaging.system", Text("kafka")),
                ("messaging.client_id", Text("consumer-fraud-detection-1")),
                ("messaging.kafka.consumer.group", Text("fraud-detection")),
                ("messaging.destination.name", Text("orders")),
                ("messaging.destination.partition.id", OneOf(&["0", "1", "2"])),
                ("messaging.operation", Text("process")),
                ("messaging.kafka.message.key", Text("{order}")),
                ("messaging.kafka.message.offset", Between(4_180_000, 4_190_000)),
                ("messaging.message.body.size", Between(180, 700)),
                ("app.order.items.count", Between(1, 4)),
            ],
            events: &[],
            micros: 900,
            steps: &[Step::Call(&catalog::RESOLVE_FLAG)],
        },
    },
];
