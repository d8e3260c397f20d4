//! Names of what is called and sends no spans itself.

use crate::{AttributeValue, Attributes, Span, SpanKind};

/// The name of what a client or producer span calls, by the semantic conventions of OpenTelemetry, present and former
/// ([service], [database], [messaging], [rpc]); `None` for other kinds, or if the span does not say.
///
/// The first of these that is there:
/// 1. `service.peer.name`, formerly `peer.service`;
/// 2. for a database, `db.system.name` (`db.system`), then `/` and `db.namespace` (`db.name`, `db.instance`), else the
///    server's address;
/// 3. for messages, `messaging.system`, then `/` and `messaging.destination.name` (`messaging.destination`), else the
///    server's address;
/// 4. for a remote procedure, `rpc.system.name` (`rpc.system`), then `/` and `rpc.service`, else what stands before the
///    last slash of `rpc.method`, else the server's address.
///
/// The server's address is `server.address` (`net.peer.name`). Without it the system's name stands alone. Values that
/// are no text, or empty, are passed over.
///
/// [service]: https://opentelemetry.io/docs/specs/semconv/registry/attributes/service/
/// [database]: https://opentelemetry.io/docs/specs/semconv/db/database-spans/
/// [messaging]: https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
/// [rpc]: https://opentelemetry.io/docs/specs/semconv/rpc/rpc-spans/
#[must_use]
pub fn peer_name(span: &Span) -> Option<String> {
    if !matches!(span.kind(), SpanKind::Client | SpanKind::Producer) {
        return None;
    }
    match span {
        Span::Otlp(span) => Hints::of(&span.attributes).name(),
        Span::V1(span) => Hints::of(&span.tags).name(),
    }
}

/// What attributes say, the present convention before the former ones.
#[derive(Default)]
struct Hints<'a> {
    service: [Option<&'a str>; 2],
    db_system: [Option<&'a str>; 2],
    db_name: [Option<&'a str>; 3],
    messaging_system: Option<&'a str>,
    destination: [Option<&'a str>; 2],
    rpc_system: [Option<&'a str>; 2],
    rpc_service: Option<&'a str>,
    rpc_method: Option<&'a str>,
    address: [Option<&'a str>; 2],
}

impl<'a> Hints<'a> {
    fn of(attributes: &'a Attributes) -> Self {
        let mut hints = Self::default();
        for attribute in attributes {
            if let Some(place) = hints.place(&attribute.key) {
                // Of equal keys the last counts, as in the translation to OTLP.
                *place = attribute.value.text_if_any();
            }
        }
        hints
    }

    fn place(&mut self, key: &str) -> Option<&mut Option<&'a str>> {
        let [service, former_service] = &mut self.service;
        let [db_system, former_db_system] = &mut self.db_system;
        let [db_name, former_db_name, first_db_name] = &mut self.db_name;
        let [destination, former_destination] = &mut self.destination;
        let [rpc_system, former_rpc_system] = &mut self.rpc_system;
        let [address, former_address] = &mut self.address;
        Some(match key {
            "service.peer.name" => service,
            "peer.service" => former_service,
            "db.system.name" => db_system,
            "db.system" => former_db_system,
            "db.namespace" => db_name,
            "db.name" => former_db_name,
            "db.instance" => first_db_name,
            "messaging.system" => &mut self.messaging_system,
            "messaging.destination.name" => destination,
            "messaging.destination" => former_destination,
            "rpc.system.name" => rpc_system,
            "rpc.system" => former_rpc_system,
            "rpc.service" => &mut self.rpc_service,
            "rpc.method" => &mut self.rpc_method,
            "server.address" => address,
            "net.peer.name" => former_address,
            _ => return None,
        })
    }

    fn name(&self) -> Option<String> {
        let address = first(&self.address);
        let of_method = || Some(self.rpc_method?.rsplit_once('/')?.0).filter(|service| !service.is_empty());
        if let Some(service) = first(&self.service) {
            Some(service.to_owned())
        } else if let Some(system) = first(&self.db_system) {
            Some(joined(system, first(&self.db_name).or(address)))
        } else if let Some(system) = self.messaging_system {
            Some(joined(system, first(&self.destination).or(address)))
        } else {
            let system = first(&self.rpc_system)?;
            Some(joined(system, self.rpc_service.or_else(of_method).or(address)))
        }
    }
}

fn first<'a>(hints: &[Option<&'a str>]) -> Option<&'a str> {
    hints.iter().copied().flatten().next()
}

fn joined(system: &str, what: Option<&str>) -> String {
    what.map_or_else(|| system.to_owned(), |what| format!("{system}/{what}"))
}

impl AttributeValue {
    fn text_if_any(&self) -> Option<&str> {
        self.as_str().filter(|text| !text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{otlp, samples};

    fn named(kind: SpanKind, pairs: &[(&str, &str)]) -> Option<String> {
        let attributes = pairs.iter().map(|(key, value)| crate::Attribute::new(*key, *value)).collect();
        peer_name(&Span::Otlp(otlp::Span { kind, attributes, ..samples::otlp() }))
    }

    #[test]
    fn each_convention_has_its_name_present_or_former() {
        for (pairs, name) in [
            (&[("peer.service", "old"), ("service.peer.name", "auth"), ("db.system", "redis")][..], "auth"),
            (&[("peer.service", "auth")], "auth"),
            (
                &[("db.system.name", "postgresql"), ("db.namespace", "orders"), ("server.address", "pg-1")],
                "postgresql/orders",
            ),
            (&[("db.system", "mysql"), ("db.name", "shop")], "mysql/shop"),
            (&[("db.system", "redis"), ("net.peer.name", "cache")], "redis/cache"),
            (&[("db.system", "sqlite")], "sqlite"),
            (&[("messaging.system", "kafka"), ("messaging.destination.name", "orders")], "kafka/orders"),
            (&[("messaging.system", "sqs"), ("messaging.destination", "q")], "sqs/q"),
            (&[("rpc.system", "grpc"), ("rpc.service", "a.B"), ("rpc.method", "C")], "grpc/a.B"),
            (&[("rpc.system.name", "grpc"), ("rpc.method", "a.B/C")], "grpc/a.B"),
            (&[("rpc.system.name", "grpc"), ("rpc.method", "C"), ("server.address", "host")], "grpc/host"),
        ] {
            assert_eq!(named(SpanKind::Client, pairs).as_deref(), Some(name), "{pairs:?}");
        }
    }

    #[test]
    fn who_calls_nothing_or_says_nothing_has_no_peer() {
        assert_eq!(named(SpanKind::Server, &[("peer.service", "auth")]), None);
        assert_eq!(named(SpanKind::Internal, &[("db.system", "redis")]), None);
        assert_eq!(named(SpanKind::Client, &[("server.address", "host"), ("peer.service", "")]), None);
        assert_eq!(named(SpanKind::Producer, &[("messaging.system", "kafka")]).as_deref(), Some("kafka"));
    }
}
