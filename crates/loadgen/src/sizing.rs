//! How many pods a rate needs.

use fastrand::Rng;

use crate::author::Author;
use crate::fleet::{Fleet, Teams};
use crate::model::Application;

/// A pod takes at most so many spans a second; beyond, the service gets another.
const SPANS_PER_POD: u64 = 250;

/// How many spans are looked at to find each service's share.
const SAMPLE_SPANS: usize = 10_000;

/// As many pods of each service as its share of the rate needs.
pub(crate) fn fleet_for_rate(
    application: &'static Application,
    teams: Teams,
    rate: u32,
    random: &mut Rng,
) -> Fleet {
    // The shares must not depend on the seed, or two seeds would not be the same load.
    let mut sampling = Rng::with_seed(0);
    let mut fleet = Fleet::new(application, teams, &mut sampling);
    let replicas = replicas(&fleet, rate, &mut sampling);
    fleet.deploy(&replicas, random);
    fleet
}

fn replicas(fleet: &Fleet, rate: u32, random: &mut Rng) -> Vec<u64> {
    let mut counts = vec![0_u64; fleet.service_count()];
    let mut total = 0_u64;
    let mut author = Author::new(fleet, random.fork());
    while total < SAMPLE_SPANS as u64 {
        for recorded in author.trace(0) {
            total += 1;
            let service = fleet.pods.get(recorded.pod).map(|pod| pod.service);
            if let Some(count) = service.and_then(|service| counts.get_mut(service)) {
                *count += 1;
            }
        }
    }
    let rate = u64::from(rate);
    counts.iter().map(|count| (count * rate).div_ceil(total * SPANS_PER_POD).max(1)).collect()
}
