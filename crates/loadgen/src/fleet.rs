//! Who runs: services, their pods, and the resources that pods report.

use fastrand::Rng;
use jaeger_dynamodb_proto::opentelemetry::proto::resource::v1::Resource;

use crate::content::resource::{NODES, POD, ZONES};
use crate::content::teams;
use crate::model::{Application, Service};
use crate::pod::Pod;
use crate::scene::{Facts, Scene, attributes};

/// How an application's roles are cast.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Teams {
    /// One service for each role.
    One,
    /// So many groups of these few services, each of which plays several of the roles; a trace stays within a group.
    Many(usize, &'static [teams::Member]),
}

/// All pods of all services.
#[derive(Debug)]
pub(crate) struct Fleet {
    pub(crate) application: &'static Application,
    pub(crate) pods: Vec<Pod>,
    plans: Vec<Plan>,
    /// The pods of each service, by position.
    services: Vec<Vec<usize>>,
    services_per_team: usize,
}

/// A service before it has pods.
#[derive(Debug)]
struct Plan {
    name: String,
    like: &'static Service,
}

impl Fleet {
    /// With one pod of each service.
    pub(crate) fn new(application: &'static Application, teams: Teams, random: &mut Rng) -> Self {
        let plans = plans(application, teams);
        let services_per_team = match teams {
            Teams::One => plans.len(),
            Teams::Many(_, members) => members.len(),
        };
        let replicas = vec![1; plans.len()];
        let mut fleet =
            Self { application, pods: Vec::new(), plans, services: Vec::new(), services_per_team };
        fleet.deploy(&replicas, random);
        fleet
    }

    /// Replaces all pods by so many of each service.
    pub(crate) fn deploy(&mut self, replicas: &[u64], random: &mut Rng) {
        self.pods.clear();
        self.services.clear();
        for (service, (plan, count)) in self.plans.iter().zip(replicas).enumerate() {
            let mut numbers = Vec::new();
            for _ in 0..*count {
                let number = self.pods.len();
                numbers.push(number);
                self.pods.push(pod(number, service, plan, random));
            }
            self.services.push(numbers);
        }
    }

    pub(crate) fn service_count(&self) -> usize {
        self.services.len()
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
