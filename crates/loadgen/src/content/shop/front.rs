//! What shoppers ask for: through the proxy to the web site's server, and from there to the services.

use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::span::SpanKind;

use super::{FRONTEND, PROXY, basket, catalog, checkout};
use crate::model::Value::{Between, Int, Text};
use crate::model::{Attribute, Endpoint, Local, Protocol, Scope, Step};

const NEXT: Scope = Scope { name: "next.js", version: "0.0.1" };

const SHOPPER: &[Attribute] = &[("app.user.id", Text("{user}")), ("session.id", Text("{session}"))];

const fn through_proxy(
    method: &'static str,
    route: &'static str,
    path: &'static str,
    steps: &'static [Step],
) -> Endpoint {
    Endpoint {
        service: &PROXY,
        protocol: Protocol::Http { method, route, path },
        attributes: &[],
        events: &[],
        micros: 300,
        steps,
    }
}

const fn web(
    method: &'static str,
    route: &'static str,
    path: &'static str,
    steps: &'static [Step],
) -> Endpoint {
    Endpoint {
        service: &FRONTEND,
        protocol: Protocol::Http { method, route, path },
        attributes: SHOPPER,
        events: &[],
        micros: 900,
        steps,
    }
}

const fn route(name: &'static str, attributes: &'static [Attribute], steps: &'static [Step]) -> Local {
    Local { scope: NEXT, name, kind: SpanKind::Internal, attributes, events: &[], micros: 1_400, steps }
}

pub(super) static HOME: Endpoint = through_proxy("GET", "/", "/", &[Step::Call(&HOME_PAGE)]);
static HOME_PAGE: Endpoint = web("GET", "/", "/", &[Step::Do(&RENDER_HOME)]);
static RENDER_HOME: Local = route(
    "render route (pages) /",
    &[
        ("next.span_name", Text("render route (pages) /")),
        ("next.span_type", Text("Render.renderDocument")),
        ("next.route", Text("/")),
    ],
    &[Step::Call(&catalog::LIST_PRODUCTS), Step::Repeat(2, 4, &[Step::Call(&catalog::GET_IMAGE)])],
);

const PRODUCT_PATH: &str = "/api/products/{product}?currencyCode={currency}";

pub(super) static PRODUCT: Endpoint =
    through_proxy("GET", "/api/products/[productId]", PRODUCT_PATH, &[Step::Call(&PRODUCT_PAGE)]);
static PRODUCT_PAGE: Endpoint =
    web("GET", "/api/products/[productId]", PRODUCT_PATH, &[Step::Do(&PRODUCT_ROUTE)]);
static PRODUCT_ROUTE: Local = route(
    "executing api route (pages) /api/products/[productId]",
    &[
        ("next.span_name", Text("executing api route (pages) /api/products/[productId]")),
        ("next.span_type", Text("Node.runHandler")),
        ("app.product.id", Text("{product}")),
    ],
    &[Step::Call(&catalog::GET_PRODUCT_BY_FLAG), Step::Call(&catalog::CONVERT)],
);

const RECOMMENDATIONS_PATH: &str =
    "/api/recommendations?productIds={product}&sessionId={session}&currencyCode={currency}";

pub(super) static RECOMMENDATIONS: Endpoint =
    through_proxy("GET", "/api/recommendations", RECOMMENDATIONS_PATH, &[Step::Call(&RECOMMENDATIONS_PAGE)]);
static RECOMMENDATIONS_PAGE: Endpoint =
    web("GET", "/api/recommendations", RECOMMENDATIONS_PATH, &[Step::Do(&RECOMMENDATIONS_ROUTE)]);
static RECOMMENDATIONS_ROUTE: Local = route(
    "executing api route (pages) /api/recommendations",
    &[
        ("next.span_name", Text("executing api route (pages) /api/recommendations")),
        ("next.span_type", Text("Node.runHandler")),
    ],
    &[Step::Call(&catalog::LIST_RECOMMENDATIONS), Step::ForEachItem(&[Step::Call(&catalog::GET_PRODUCT)])],
);

pub(super) static ADS: Endpoint = through_proxy("GET", "/api/data", ADS_PATH, &[Step::Call(&ADS_PAGE)]);
const ADS_PATH: &str = "/api/data?contextKeys=telescopes";
static ADS_PAGE: Endpoint = web("GET", "/api/data", ADS_PATH, &[Step::Do(&ADS_ROUTE)]);
static ADS_ROUTE: Local = route(
    "executing api route (pages) /api/data",
    &[
        ("next.span_name", Text("executing api route (pages) /api/data")),
        ("next.span_type", Text("Node.runHandler")),
    ],
    &[Step::Call(&catalog::GET_ADS)],
);

const CART_PATH: &str = "/api/cart?sessionId={session}&currencyCode={currency}";

pub(super) static VIEW_CART: Endpoint =
    through_proxy("GET", "/api/cart", CART_PATH, &[Step::Call(&CART_PAGE)]);
static CART_PAGE: Endpoint = web("GET", "/api/cart", CART_PATH, &[Step::Do(&CART_ROUTE)]);
static CART_ROUTE: Local = route(
    "executing api route (pages) /api/cart",
    &[
        ("next.span_name", Text("executing api route (pages) /api/cart")),
        ("next.span_type", Text("Node.runHandler")),
        ("app.cart.items.count", Between(1, 4)),
    ],
    &[
        Step::Call(&basket::GET_CART),
        Step::ForEachItem(&[Step::Call(&catalog::GET_PRODUCT)]),
        Step::Call(&basket::GET_QUOTE),
        Step::Call(&catalog::CONVERT),
    ],
);

pub(super) static ADD_TO_CART: Endpoint =
    through_proxy("POST", "/api/cart", "/api/cart?currencyCode={currency}", &[Step::Call(&ADD_PAGE)]);
static ADD_PAGE: Endpoint =
    web("POST", "/api/cart", "/api/cart?currencyCode={currency}", &[Step::Do(&ADD_ROUTE)]);
static ADD_ROUTE: Local = route(
    "executing api route (pages) /api/cart",
    &[
        ("next.span_name", Text("executing api route (pages) /api/cart")),
        ("next.span_type", Text("Node.runHandler")),
        ("app.product.id", Text("{product}")),
        ("app.product.quantity", Between(1, 10)),
    ],
    &[Step::Call(&basket::ADD_ITEM), Step::Call(&basket::GET_CART)],
);

pub(super) static PLACE_ORDER: Endpoint = through_proxy(
    "POST",
    "/api/checkout",
    "/api/checkout?currencyCode={currency}",
    &[Step::Call(&CHECKOUT_PAGE)],
);
static CHECKOUT_PAGE: Endpoint =
    web("POST", "/api/checkout", "/api/checkout?currencyCode={currency}", &[Step::Do(&CHECKOUT_ROUTE)]);
static CHECKOUT_ROUTE: Local = route(
    "executing api route (pages) /api/checkout",
    &[
        ("next.span_name", Text("executing api route (pages) /api/checkout")),
        ("next.span_type", Text("Node.runHandler")),
        ("http.request.body.size", Between(410, 460)),
        ("app.checkout.attempt", Int(1)),
    ],
    &[Step::Call(&checkout::PLACE_ORDER)],
);
