//! Names of services, each kept once.

use std::collections::HashMap;
use std::sync::Arc;

use crate::is_listed;

/// Stands for a name of one [`Names`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameId(u32);

/// Names by their ids.
#[derive(Debug, Clone, Default)]
pub struct Names {
    ids: HashMap<Arc<str>, NameId>,
    names: Vec<Arc<str>>,
    bytes: usize,
}

// === impl NameId ===

impl NameId {
    /// No name, or one too long to be listed.
    pub const NONE: Self = Self(u32::MAX);
}

// === impl Names ===

impl Names {
    /// The id of the name; [`NameId::NONE`] if it is not one that is listed.
    pub fn id(&mut self, name: &str) -> NameId {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        if !is_listed(name) {
            return NameId::NONE;
        }
        let id = NameId(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
        let name: Arc<str> = Arc::from(name);
        self.bytes += name.len();
        self.names.push(Arc::clone(&name));
        self.ids.insert(name, id);
        id
    }

    /// The name of the id, if it has one.
    #[must_use]
    pub fn name(&self, id: NameId) -> Option<&Arc<str>> {
        self.names.get(usize::try_from(id.0).ok()?)
    }

    /// Bytes in memory, roughly.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.bytes + self.names.len() * 96
    }
}
