//! Products, prices, recommendations, advertisements, pictures, and the flags that switch features.

use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::span::SpanKind;

use super::{AD, CATALOG, CURRENCY, FLAGS, IMAGES, RECOMMENDATION, stores};
use crate::model::Value::{Between, Bool, Int, OneOf, Text, Texts};
use crate::model::{Attribute, Endpoint, Event, Local, Protocol, Scope, Step};

const PRODUCT_ATTRIBUTES: &[Attribute] =
    &[("app.product.id", Text("{product}")), ("app.product.name", Text("{product.name}"))];

const PRODUCT_FOUND: &[Event] =
    &[Event { name: "product found", attributes: &[("app.product.name", Text("{product.name}"))] }];

const GET_PRODUCT_PROTOCOL: Protocol =
    Protocol::Grpc { service: "shop.v1.ProductCatalogService", method: "GetProduct" };

pub(super) static GET_PRODUCT: Endpoint = Endpoint {
    service: &CATALOG,
    protocol: GET_PRODUCT_PROTOCOL,
    attributes: PRODUCT_ATTRIBUTES,
    events: PRODUCT_FOUND,
    micros: 140,
    steps: &[Step::Do(&stores::SELECT_PRODUCT)],
};

/// The same for the page of one product, where a flag may let it fail.
pub(super) static GET_PRODUCT_BY_FLAG: Endpoint = Endpoint {
    service: &CATALOG,
    protocol: GET_PRODUCT_PROTOCOL,
    attributes: PRODUCT_ATTRIBUTES,
    events: PRODUCT_FOUND,
    micros: 170,
    steps: &[Step::Call(&RESOLVE_FLAG), Step::Do(&stores::SELECT_PRODUCT)],
};

pub(super) static LIST_PRODUCTS: Endpoint = Endpoint {
    service: &CATALOG,
    protocol: Protocol::Grpc { service: "shop.v1.ProductCatalogService", method: "ListProducts" },
    attributes: &[("app.products.count", Int(12))],
    events: &[],
    micros: 240,
    steps: &[Step::Do(&stores::SELECT_PRODUCTS)],
};

pub(super) static CONVERT: Endpoint = Endpoint {
    service: &CURRENCY,
    protocol: Protocol::Grpc { service: "shop.v1.CurrencyService", method: "Convert" },
    attributes: &[
        ("app.currency.conversion.from", Text("USD")),
        ("app.currency.conversion.to", Text("{currency}")),
    ],
    events: &[
        Event { name: "conversion begins", attributes: &[] },
        Event { name: "conversion is done, answer sent", attributes: &[] },
    ],
    micros: 60,
    steps: &[],
};

pub(super) static RESOLVE_FLAG: Endpoint = Endpoint {
    service: &FLAGS,
    protocol: Protocol::Grpc { service: "flagd.evaluation.v1.Service", method: "ResolveBoolean" },
    attributes: &[
        (
            "feature_flag.key",
            OneOf(&["productCatalogFailure", "adFailure", "recommendationCache", "paymentFailure"]),
        ),
        ("feature_flag.provider.name", Text("flagd")),
        ("feature_flag.result.variant", Text("off")),
        ("feature_flag.result.reason", Text("static")),
    ],
    events: &[],
    micros: 90,
    steps: &[],
};

pub(super) static LIST_RECOMMENDATIONS: Endpoint = Endpoint {
    service: &RECOMMENDATION,
    protocol: Protocol::Grpc { service: "shop.v1.RecommendationService", method: "ListRecommendations" },
    attributes: &[("app.products_recommended.count", Between(4, 5))],
    events: &[],
    micros: 800,
    steps: &[Step::Do(&GET_PRODUCT_LIST)],
};

static GET_PRODUCT_LIST: Local = Local {
    scope: Scope { name: "recommendation", version: "" },
    name: "get_product_list",
    kind: SpanKind::Internal,
    attributes: &[
        ("app.recommendation.cache_enabled", Bool(false)),
        ("app.products.count", Int(12)),
        ("app.filtered_products.count", Between(7, 11)),
        (
            "app.filtered_products.list",
            Texts(&["{product}", "K8NC5TR7QW", "T9MP3DN4ZE", "HJ2D9FE4UX", "QW5S8UK2FT"]),
        ),
    ],
    events: &[],
    micros: 500,
    steps: &[Step::Call(&RESOLVE_FLAG), Step::Call(&LIST_PRODUCTS)],
};

pub(super) static GET_ADS: Endpoint = Endpoint {
    service: &AD,
    protocol: Protocol::Grpc { service: "shop.v1.AdService", method: "GetAds" },
    attributes: &[
        ("app.ads.contextKeys", Text("[telescopes]")),
        ("app.ads.contextKeys.count", Int(1)),
        ("app.ads.count", Between(1, 2)),
        ("app.ads.ad_request_type", OneOf(&["TARGETED", "NOT_TARGETED"])),
        ("app.ads.ad_response_type", OneOf(&["TARGETED", "RANDOM"])),
        ("session.id", Text("{session}")),
    ],
    events: &[],
    micros: 350,
    steps: &[Step::Do(&ADS_BY_CATEGORY)],
};

static ADS_BY_CATEGORY: Local = Local {
    scope: Scope { name: "ad", version: "" },
    name: "getAdsByCategory",
    kind: SpanKind::Internal,
    attributes: &[
        ("thread.id", Int(27)),
        ("thread.name", Text("grpc-default-executor-0")),
        ("code.function.name", Text("shop.ad.AdService.getAdsByCategory")),
        ("app.ads.category", OneOf(&["telescopes", "binoculars", "accessories", "travel", "books"])),
        ("app.ads.count", Between(0, 2)),
    ],
    events: &[],
    micros: 120,
    steps: &[Step::Call(&RESOLVE_FLAG)],
};

pub(super) static GET_IMAGE: Endpoint = Endpoint {
    service: &IMAGES,
    protocol: Protocol::Http {
        method: "GET",
        route: "/images/",
        path: "/images/products/{product}.webp?w=828&q=75",
    },
    attributes: &[],
    events: &[],
    micros: 450,
    steps: &[],
};
