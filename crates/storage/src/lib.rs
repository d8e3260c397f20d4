//! From settings to an open store: what the binaries over it share. A binary takes [`StorageSettings`] into its own
//! settings, and [`open`]s what they name: a store in DynamoDB, or in an engine inside the process, with its job.

#[cfg(any(fuzzing, test))]
#[doc(hidden)]
pub mod fuzzing;
mod open;
mod reachability;
mod seal;
mod settings;

pub use open::{RemoteStore, Storage, open, open_remote};
pub use seal::LoggedSeal;
pub use settings::{
    DependencySources, Durability, EndpointUrl, Job, ReadUnits, StorageKind, StorageSettings,
};

/// What configuration files of the former Go plugin set, and what to write instead.
pub const FORMER_KEYS: &[(&str, &str)] = &[(
    "dynamodb",
    "the former Go plugin had dynamodb.endpoint and dynamodb.recreateTables; write storage: aws, endpoint_url: URL and \
     create_tables: true",
)];
