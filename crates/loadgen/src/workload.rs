//! Which load.

use crate::content::{batch, shop, small, teams};
use crate::fleet::Teams;
use crate::load::Load;
use crate::model::Application;
use crate::path::Arrivals;
use crate::sizing;

/// A kind of load. Equal seeds give equal bytes.
#[derive(Debug, Clone, Copy)]
pub struct Workload {
    application: &'static Application,
    teams: Teams,
    seed: u64,
}

impl Workload {
    /// A web shop like OpenTelemetry's demo: 16 services in ten languages, 7 kinds of request, traces of 9 to 62 spans
    /// over 3 to 14 services, gRPC, HTTP, SQL, Redis and Kafka; 0.6 % of traces fail with an exception.
    #[must_use]
    pub fn demo(seed: u64) -> Self {
        Self { application: &shop::APPLICATION, teams: Teams::One, seed }
    }

    /// Many traces of 3 small spans, over 8 services.
    #[must_use]
    pub fn three_span_traces(seed: u64) -> Self {
        Self { application: &small::APPLICATION, teams: Teams::One, seed }
    }

    /// Batch jobs: traces of about 20 000 spans in about a minute, over 3 services.
    #[must_use]
    pub fn batch(seed: u64) -> Self {
        Self { application: &batch::APPLICATION, teams: Teams::One, seed }
    }

    /// The demo's requests over 500 small services: 100 teams of 5, a trace stays with one team.
    #[must_use]
    pub fn many_services(seed: u64) -> Self {
        Self { application: &shop::APPLICATION, teams: Teams::Many(100, &teams::MEMBERS), seed }
    }

    /// The requests that arrive at the server, in order of time.
    #[must_use]
    pub fn arrivals(&self, load: Load) -> Arrivals {
        let mut random = fastrand::Rng::with_seed(self.seed);
        let rate = load.spans_per_second.max(1);
        let fleet = sizing::fleet_for_rate(self.application, self.teams, rate, &mut random);
        Arrivals::new(fleet, Load { spans_per_second: rate, ..load }, random)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_stands_at_the_position_of_its_role() {
        for application in [&shop::APPLICATION, &small::APPLICATION, &batch::APPLICATION] {
            let roles: Vec<_> = application.services.iter().map(|service| service.role).collect();
            assert_eq!(roles, (0..application.services.len()).collect::<Vec<_>>());
        }
    }
}
