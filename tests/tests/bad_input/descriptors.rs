//! The messages and methods that there are, so that no field and no method is forgotten.

use std::collections::BTreeMap;

use jaeger_dynamodb_proto::FILE_DESCRIPTOR_SET;
use prost::Message;
use prost_types::field_descriptor_proto::Type;
use prost_types::{DescriptorProto, FileDescriptorSet};

/// How often a message may stand within itself on a way to a text: a value in a list, not a list in a list in a list.
const RECURSIONS: usize = 2;

/// All messages by their full name, which begins with a dot.
pub(crate) struct Messages(BTreeMap<String, DescriptorProto>);

/// A field on the way from a request to a text.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) number: u32,
    pub(crate) name: String,
    /// The full name of the message that has it.
    pub(crate) of: String,
}

/// A method of a service.
#[derive(Debug, Clone)]
pub(crate) struct Method {
    /// As requests name it.
    pub(crate) path: String,
    pub(crate) client_streams: bool,
    pub(crate) input: String,
}

impl Messages {
    pub(crate) fn all() -> Self {
        let mut all = BTreeMap::new();
        for file in files() {
            collect(&format!(".{}", file.package()), file.message_type, &mut all);
        }
        Self(all)
    }

    /// Every way from the message to a field of texts.
    pub(crate) fn ways_to_texts(&self, root: &str) -> Vec<Vec<Step>> {
        let mut ways = Vec::new();
        self.walk(root, &mut Vec::new(), &mut ways);
        ways
    }

    fn walk(&self, message: &str, way: &mut Vec<Step>, ways: &mut Vec<Vec<Step>>) {
        if way.iter().filter(|step| step.of == message).count() >= RECURSIONS {
            return;
        }
        for field in &self.0[message].field {
            let number = field.number().try_into().unwrap();
            way.push(Step { number, name: field.name().to_owned(), of: message.to_owned() });
            match field.r#type() {
                Type::String => ways.push(way.clone()),
                Type::Message => self.walk(field.type_name(), way, ways),
                _ => {}
            }
            way.pop();
        }
    }
}

/// Every method that is served, but for health and reflection.
pub(crate) fn methods() -> Vec<Method> {
    let mut methods = Vec::new();
    for file in files() {
        for service in &file.service {
            for method in &service.method {
                methods.push(Method {
                    path: format!("/{}.{}/{}", file.package(), service.name(), method.name()),
                    client_streams: method.client_streaming(),
                    input: method.input_type().to_owned(),
                });
            }
        }
    }
    methods
}

fn files() -> Vec<prost_types::FileDescriptorProto> {
    FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap().file
}

fn collect(prefix: &str, messages: Vec<DescriptorProto>, all: &mut BTreeMap<String, DescriptorProto>) {
    for message in messages {
        let name = format!("{prefix}.{}", message.name());
        collect(&name, message.nested_type.clone(), all);
        all.insert(name, message);
    }
}
