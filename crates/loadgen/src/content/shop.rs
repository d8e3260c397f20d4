//! A web shop for stargazers, in the manner of OpenTelemetry's demo.

mod basket;
mod catalog;
mod checkout;
mod front;
mod stores;

use super::runtimes;
use crate::model::{Application, Request, Service};

pub(crate) static APPLICATION: Application =
    Application { services: &SERVICES, requests: &REQUESTS, failing_per_mille: 6 };

static SERVICES: [&Service; 16] = [
    &PROXY,
    &FRONTEND,
    &CATALOG,
    &CURRENCY,
    &CART,
    &CHECKOUT,
    &SHIPPING,
    &QUOTE,
    &PAYMENT,
    &EMAIL,
    &RECOMMENDATION,
    &AD,
    &ACCOUNTING,
    &FRAUD,
    &FLAGS,
    &IMAGES,
];

const fn service(
    role: usize,
    name: &'static str,
    version: &'static str,
    port: &'static str,
    runtime: &'static crate::model::Runtime,
) -> Service {
    Service { role, name, version, port, runtime }
}

pub(super) static PROXY: Service = service(0, "frontend-proxy", "1.34.2", "8080", &runtimes::PROXY);
pub(super) static FRONTEND: Service = service(1, "frontend", "3.14.0", "8090", &runtimes::NODE);
pub(super) static CATALOG: Service = service(2, "product-catalog", "2.6.1", "3550", &runtimes::GO);
static CURRENCY: Service = service(3, "currency", "1.9.0", "7001", &runtimes::CPP);
static CART: Service = service(4, "cart", "2.0.4", "7070", &runtimes::DOTNET);
pub(super) static CHECKOUT: Service = service(5, "checkout", "4.2.0", "5050", &runtimes::GO);
static SHIPPING: Service = service(6, "shipping", "0.8.3", "50050", &runtimes::RUST);
static QUOTE: Service = service(7, "quote", "1.1.2", "8094", &runtimes::PHP);
static PAYMENT: Service = service(8, "payment", "2.3.0", "50051", &runtimes::NODE);
static EMAIL: Service = service(9, "email", "1.0.7", "6060", &runtimes::RUBY);
pub(super) static RECOMMENDATION: Service = service(10, "recommendation", "1.7.5", "9001", &runtimes::PYTHON);
pub(super) static AD: Service = service(11, "ad", "3.0.1", "9555", &runtimes::JAVA);
static ACCOUNTING: Service = service(12, "accounting", "1.5.0", "9092", &runtimes::DOTNET);
static FRAUD: Service = service(13, "fraud-detection", "1.2.8", "9092", &runtimes::JAVA);
static FLAGS: Service = service(14, "flagd", "0.12.6", "8013", &runtimes::GO);
static IMAGES: Service = service(15, "image-provider", "1.27.5", "8081", &runtimes::NGINX);

/// Weights are those of shoppers who look more than they buy.
static REQUESTS: [Request; 7] = [
    Request { weight: 1, endpoint: &front::HOME, items: (0, 0) },
    Request { weight: 10, endpoint: &front::PRODUCT, items: (1, 1) },
    Request { weight: 3, endpoint: &front::RECOMMENDATIONS, items: (4, 5) },
    Request { weight: 3, endpoint: &front::ADS, items: (0, 0) },
    Request { weight: 3, endpoint: &front::VIEW_CART, items: (1, 4) },
    Request { weight: 2, endpoint: &front::ADD_TO_CART, items: (1, 1) },
    Request { weight: 2, endpoint: &front::PLACE_ORDER, items: (1, 4) },
];
