//! What is known when a span is recorded, and how templates become attributes by it.

use fastrand::Rng;
use jaeger_dynamodb_proto::opentelemetry::proto::common::v1::{AnyValue, ArrayValue, KeyValue, any_value};

use crate::content::vocabulary::{AGENTS, CURRENCIES, PRODUCTS};
use crate::model::{Attribute, Endpoint, Protocol, Value};
use crate::pod::Pod;

/// So many people use the application at a time; each comes back with the same ids.
const USERS: u64 = 5_000;

/// First port that a caller's connections use, and how many there are (Linux's default range).
const CALLER_PORTS: (i64, i64) = (32_768, 28_232);

/// What belongs to a trace, and to the item that it is at.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    user: String,
    session: String,
    email: String,
    client_ip: String,
    agent: &'static str,
    currency: &'static str,
    request: String,
    order: String,
    transaction: String,
    tracking: String,
    product: &'static str,
    product_name: &'static str,
    record: String,
    pub(crate) pod_name: String,
    pub(crate) node: &'static str,
    pub(crate) zone: &'static str,
    pub(crate) service_version: &'static str,
    pub(crate) language: &'static str,
    pub(crate) sdk_version: &'static str,
}

/// A call and who takes part in it.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) endpoint: &'static Endpoint,
    pub(crate) path: String,
    /// `None` is the world outside.
    pub(crate) client: Option<&'a Pod>,
    pub(crate) server: &'a Pod,
}

/// Everything that a template can name.
#[derive(Debug)]
pub(crate) struct Scene<'a> {
    pub(crate) facts: &'a Facts,
    pub(crate) own: &'a Pod,
    pub(crate) call: Option<&'a Call<'a>>,
}

// === impl Facts ===

impl Facts {
    pub(crate) fn of_trace(random: &mut Rng) -> Self {
        // A person's ids follow from the person's number alone.
        let mut person = Rng::with_seed(random.u64(0..USERS));
        let mut facts = Self {
            user: uuid(&mut person),
            session: uuid(&mut person),
            email: format!("user{}@example.com", person.u32(10_000..100_000)),
            client_ip: format!(
                "{}.{}.{}.{}",
                person.u8(11..220),
                person.u8(..),
                person.u8(..),
                person.u8(1..255)
            ),
            agent: choose(&AGENTS, &mut person),
            currency: choose(&CURRENCIES, &mut person),
            request: uuid(random),
            order: uuid(random),
            transaction: uuid(random),
            tracking: uuid(random),
            ..Self::default()
        };
        facts.next_item(random);
        facts
    }

    /// Goes on to another item.
    pub(crate) fn next_item(&mut self, random: &mut Rng) {
        (self.product, self.product_name) = choose(&PRODUCTS, random);
        self.record = format!("rec-{:010}", random.u64(0..10_000_000_000));
    }

    fn text(&self, name: &str) -> Option<&str> {
        Some(match name {
            "user" => &self.user,
            "session" => &self.session,
            "email" => &self.email,
            "client.ip" => &self.client_ip,
            "agent" => self.agent,
            "currency" => self.currency,
            "request" => &self.request,
            "order" => &self.order,
            "transaction" => &self.transaction,
            "tracking" => &self.tracking,
            "product" => self.product,
            "product.name" => self.product_name,
            "record" => &self.record,
            "pod" => &self.pod_name,
            "node" => self.node,
            "zone" => self.zone,
            "version" => self.service_version,
            "language" => self.language,
            "sdk.version" => self.sdk_version,
            _ => return None,
        })
    }
}

// === impl Call ===

impl Call<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        let (service, method, route) = match &self.endpoint.protocol {
            Protocol::Grpc { service, method } => (*service, *method, ""),
            Protocol::Http { method, route, .. } => ("", *method, *route),
        };
        Some(match name {
            "rpc.service" => service,
            "method" => method,
            "route" => route,
            "path" => &self.path,
            "server" => &self.server.service_name,
            "server.ip" => &self.server.ip,
            "server.port" => self.server.port,
            "caller.ip" => self.client.map_or("", |client| client.ip.as_str()),
            _ => return None,
        })
    }
}

// === impl Scene ===

impl Scene<'_> {
    /// The template with its placeholders filled in. One that nothing is known for stays as it is.
    pub(crate) fn expand(&self, template: &str) -> String {
        let mut text = String::with_capacity(template.len() + 32);
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            text.push_str(before);
            let known = after.split_once('}').and_then(|(name, after)| Some((self.text(name)?, after)));
            match known {
                Some((value, after)) => {
                    text.push_str(value);
                    rest = after;
                }
                None => {
                    text.push('{');
                    rest = after;
                }
            }
        }
        text.push_str(rest);
        text
    }

    fn text(&self, name: &str) -> Option<&str> {
        match name {
            "self" => Some(&self.own.service_name),
            "self.ip" => Some(&self.own.ip),
            "self.port" => Some(self.own.port),
            _ => self.facts.text(name).or_else(|| self.call?.text(name)),
        }
    }

    fn value(&self, value: &Value, random: &mut Rng) -> any_value::Value {
        use any_value::Value::{BoolValue, DoubleValue, IntValue, StringValue};
        match value {
            Value::Text(text) => StringValue(self.expand(text)),
            Value::Texts(texts) => {
                let values = texts
                    .iter()
                    .map(|text| AnyValue { value: Some(StringValue(self.expand(text))) })
                    .collect();
                any_value::Value::ArrayValue(ArrayValue { values })
            }
            Value::Int(number) => IntValue(*number),
            Value::Bool(truth) => BoolValue(*truth),
            Value::OneOf(texts) => StringValue(self.expand(choose(texts, random))),
            Value::Between(low, high) => IntValue(random.i64(*low..=*high)),
            Value::Digits(low, high) => StringValue(random.i64(*low..=*high).to_string()),
            Value::Money(low, high) => DoubleValue(f64::from(random.u32(*low..=*high)) / 100.0),
            Value::Uuid => StringValue(uuid(random)),
            Value::Hex(bytes) => StringValue((0..*bytes).map(|_| format!("{:02x}", random.u8(..))).collect()),
            Value::ListenPort => {
                IntValue(self.call.and_then(|call| call.server.port.parse().ok()).unwrap_or_default())
            }
            Value::ConnectionPort => IntValue(self.connection_port()),
            Value::FreshPort => IntValue(CALLER_PORTS.0 + random.i64(0..CALLER_PORTS.1)),
            Value::HttpStatus => IntValue(200),
            Value::HttpStatusText => StringValue("OK".to_owned()),
            Value::GrpcStatus => IntValue(0),
        }
    }

    /// Follows from the pair of pods, as that of a connection that stays open does.
    fn connection_port(&self) -> i64 {
        let pair =
            self.call.map(|call| (call.client.map_or(0, |client| client.number + 1), call.server.number));
        let (client, server) = pair.unwrap_or_default();
        let seed = u64::try_from(client * 65_536 + server).unwrap_or_default();
        CALLER_PORTS.0 + Rng::with_seed(seed).i64(0..CALLER_PORTS.1)
    }
}

/// The attributes of the tables, one table after the other.
pub(crate) fn attributes(tables: &[&[Attribute]], scene: &Scene<'_>, random: &mut Rng) -> Vec<KeyValue> {
    let all = tables.iter().flat_map(|table| table.iter());
    all.map(|(key, value)| key_value(key, scene.value(value, random))).collect()
}

pub(crate) fn key_value(key: &str, value: any_value::Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }) }
}

/// One of the values, each as likely; the default of nothing.
pub(crate) fn choose<T: Copy + Default>(values: &[T], random: &mut Rng) -> T {
    values.get(random.usize(0..values.len().max(1))).copied().unwrap_or_default()
}

fn uuid(random: &mut Rng) -> String {
    let (high, low) = (random.u64(..), random.u64(..));
    let (time, middle, version) = (high >> 32, (high >> 16) & 0xffff, high & 0xfff);
    let (variant, node) = (0x8000 | (low >> 50), low & 0xffff_ffff_ffff);
    format!("{time:08x}-{middle:04x}-4{version:03x}-{variant:04x}-{node:012x}")
}
