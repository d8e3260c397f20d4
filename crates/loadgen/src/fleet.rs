//! Who runs: services, their pods, and the resources that pods report.

use fastrand::Rng;
use jaeger_dynamodb_proto::opentelemetry::proto::resource::v1::Resource;

use crate::author::Author;
use crate::content::resource::{CLUSTER_SCHEMA_URL, NODES, POD, ZONES};
use crate::model::{Application, Runtime, Service};
use crate::scene::{Facts, Scene, attributes};
use crate::workload::Teams;

/// A pod takes at most so many spans a second; beyond, the service gets another.
const SPANS_PER_POD: u64 = 250;

/// How many spans are looked at to find each service's share.
const SAMPLE_SPANS: usize = 10_000;

/// All pods of all services.
#[derive(Debug)]
pub(crate) struct Fleet {
    pub(crate) application: &'static Application,
    pub(crate) pods: Vec<Pod>,
    /// The pods of each service, by position.
    services: Vec<Vec<usize>>,
    services_per_team: usize,
}

/// One running copy of a service.
#[derive(Debug)]
pub(crate) struct Pod {
    pub(crate) number: usize,
    pub(crate) service: usize,
    pub(crate) service_name: String,
    pub(crate) port: &'static str,
    pub(crate) ip: String,
    pub(crate) runtime: &'static Runtime,
    pub(crate) resource: Resource,
}

/// A service before it has pods.
struct Plan {
    name: String,
    like: &'static Service,
}

impl Fleet {
    /// As many pods of each service as its share of the rate needs.
    pub(crate) fn for_rate(
        application: &'static Application,
        teams: Teams,
        rate: u32,
        random: &mut Rng,
    ) -> Self {
        let plans = plans(application, teams);
        let services_per_team = match teams {
            Teams::One => plans.len(),
            Teams::Many(_, members) => members.len(),
        };
        let mut fleet = Self { application, pods: Vec::new(), services: Vec::new(), services_per_team };
        // The shares must not depend on the seed, or two seeds would not be the same load.
        let mut sampling = Rng::with_seed(0);
        fleet.deploy(&plans, &vec![1; plans.len()], &mut sampling);
        let replicas: Vec<u64> = fleet.replicas(rate, &mut sampling);
        fleet.deploy(&plans, &replicas, random);
        fleet
    }

    /// A group of services to keep a trace in.
    pub(crate) fn pick_team(&self, random: &mut Rng) -> usize {
        random.usize(0..(self.services.len() / self.services_per_team).max(1))
    }

    /// A pod of the team's service for the role.
    pub(crate) fn pick_pod(&self, team: usize, role: usize, random: &mut Rng) -> Option<&Pod> {
        let service = team * self.services_per_team + role % self.services_per_team;
        let pods = self.services.get(service)?;
        self.pods.get(*pods.get(random.usize(0..pods.len().max(1)))?)
    }

    fn deploy(&mut self, plans: &[Plan], replicas: &[u64], random: &mut Rng) {
        self.pods.clear();
        self.services.clear();
        for (service, (plan, count)) in plans.iter().zip(replicas).enumerate() {
            let mut numbers = Vec::new();
            for _ in 0..*count {
                let number = self.pods.len();
                numbers.push(number);
                self.pods.push(pod(number, service, plan, random));
            }
            self.services.push(numbers);
        }
    }

    fn replicas(&self, rate: u32, random: &mut Rng) -> Vec<u64> {
        let mut counts = vec![0_u64; self.services.len()];
        let mut total = 0_u64;
        let mut author = Author::new(self, random.fork());
        while total < SAMPLE_SPANS as u64 {
            for recorded in author.trace(0) {
                total += 1;
                let service = self.pods.get(recorded.pod).map(|pod| pod.service);
                if let Some(count) = service.and_then(|service| counts.get_mut(service)) {
                    *count += 1;
                }
            }
        }
        let rate = u64::from(rate);
        counts.iter().map(|count| (count * rate).div_ceil(total * SPANS_PER_POD).max(1)).collect()
    }
}

fn plans(application: &'static Application, teams: Teams) -> Vec<Plan> {
    match teams {
        Teams::One => application
            .services
            .iter()
            .map(|service| Plan { name: service.name.to_owned(), like: service })
            .collect(),
        Teams::Many(count, members) => (0..count)
            .flat_map(|team| {
                members.iter().map(move |member| Plan { name: member.name_in(team), like: member.like })
            })
            .collect(),
    }
}

fn pod(number: usize, service: usize, plan: &Plan, random: &mut Rng) -> Pod {
    let node = random.usize(0..NODES.len());
    let text = |texts: &[&'static str]| texts.get(node % texts.len().max(1)).copied().unwrap_or_default();
    let mut facts = Facts::default();
    facts.pod_name = format!("{}-{:08x}-{:05x}", plan.name, random.u32(..), random.u32(0..1 << 20));
    facts.node = text(&NODES);
    facts.zone = text(&ZONES);
    facts.service_version = plan.like.version;
    facts.language = plan.like.runtime.language;
    facts.sdk_version = plan.like.runtime.sdk_version;
    let mut pod = Pod {
        number,
        service,
        service_name: plan.name.clone(),
        port: plan.like.port,
        ip: format!("10.{}.{}.{}", 40 + node, random.u8(0..16), random.u8(2..250)),
        runtime: plan.like.runtime,
        resource: Resource::default(),
    };
    let scene = Scene { facts: &facts, own: &pod, call: None };
    let attributes = attributes(&[POD, plan.like.runtime.process], &scene, random);
    pod.resource.attributes = attributes;
    pod
}

impl Pod {
    /// The schema of the pod's resource.
    pub(crate) fn schema_url(&self) -> &'static str {
        CLUSTER_SCHEMA_URL
    }
}
