//! Many traces of three small spans: a gateway calls one of seven lookups.

use super::runtimes;
use crate::model::Value::{Int, Text};
use crate::model::{Application, Endpoint, Protocol, Request, Service, Step};

pub(crate) static APPLICATION: Application =
    Application { services: &SERVICES, requests: &REQUESTS, failing_per_mille: 6 };

const fn service(role: usize, name: &'static str) -> Service {
    Service { role, name, version: "1.8.2", port: "8443", runtime: &runtimes::GO }
}

static SERVICES: [&Service; 8] = [&EDGE, &SESSIONS, &LIMITS, &PROFILES, &PRICES, &STOCK, &GEO, &FLAGS];

static EDGE: Service = service(0, "edge");
static SESSIONS: Service = service(1, "sessions");
static LIMITS: Service = service(2, "limits");
static PROFILES: Service = service(3, "profiles");
static PRICES: Service = service(4, "prices");
static STOCK: Service = service(5, "stock");
static GEO: Service = service(6, "geo");
static FLAGS: Service = service(7, "flags");

const fn gateway(path: &'static str, steps: &'static [Step]) -> Endpoint {
    Endpoint {
        service: &EDGE,
        protocol: Protocol::Http { method: "GET", route: path, path },
        attributes: &[("app.user.id", Text("{user}"))],
        events: &[],
        micros: 120,
        steps,
    }
}

const fn lookup(service: &'static Service, name: &'static str) -> Endpoint {
    Endpoint {
        service,
        protocol: Protocol::Grpc { service: name, method: "Get" },
        attributes: &[("app.version", Int(3))],
        events: &[],
        micros: 60,
        steps: &[],
    }
}

static REQUESTS: [Request; 7] = [
    Request { weight: 6, endpoint: &GET_SESSION, items: (0, 0) },
    Request { weight: 5, endpoint: &GET_LIMIT, items: (0, 0) },
    Request { weight: 4, endpoint: &GET_PROFILE, items: (0, 0) },
    Request { weight: 4, endpoint: &GET_PRICE, items: (0, 0) },
    Request { weight: 3, endpoint: &GET_IN_STOCK, items: (0, 0) },
    Request { weight: 2, endpoint: &GET_PLACE, items: (0, 0) },
    Request { weight: 2, endpoint: &GET_FLAG, items: (0, 0) },
];

static GET_SESSION: Endpoint = gateway("/v1/session", &[Step::Call(&SESSION)]);
static GET_LIMIT: Endpoint = gateway("/v1/limit", &[Step::Call(&LIMIT)]);
static GET_PROFILE: Endpoint = gateway("/v1/profile", &[Step::Call(&PROFILE)]);
static GET_PRICE: Endpoint = gateway("/v1/price", &[Step::Call(&PRICE)]);
static GET_IN_STOCK: Endpoint = gateway("/v1/stock", &[Step::Call(&IN_STOCK)]);
static GET_PLACE: Endpoint = gateway("/v1/geo", &[Step::Call(&PLACE)]);
static GET_FLAG: Endpoint = gateway("/v1/flags", &[Step::Call(&FLAG)]);

static SESSION: Endpoint = lookup(&SESSIONS, "edge.v1.Sessions");
static LIMIT: Endpoint = lookup(&LIMITS, "edge.v1.Limits");
static PROFILE: Endpoint = lookup(&PROFILES, "edge.v1.Profiles");
static PRICE: Endpoint = lookup(&PRICES, "edge.v1.Prices");
static IN_STOCK: Endpoint = lookup(&STOCK, "edge.v1.Stock");
static PLACE: Endpoint = lookup(&GEO, "edge.v1.Geo");
static FLAG: Endpoint = lookup(&FLAGS, "edge.v1.Flags");
