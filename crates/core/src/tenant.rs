//! Whose traces they are.

use std::fmt;

use thiserror::Error;

/// The owner of traces; every key begins with it, so nothing of one tenant is reachable from another.
/// The default tenant is the empty text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Tenant(String);

/// A tenant name that cannot be part of a key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a tenant name has at most {max} bytes, this one has {actual}", max = Tenant::MAX_BYTES)]
pub struct InvalidTenant {
    /// Bytes of the refused name.
    pub actual: usize,
}

impl Tenant {
    /// Longest name in bytes; its length takes one byte of every key.
    pub const MAX_BYTES: usize = 128;

    /// The tenant of this name.
    ///
    /// # Errors
    /// [`InvalidTenant`] above [`Tenant::MAX_BYTES`].
    pub fn new(name: impl Into<String>) -> Result<Self, InvalidTenant> {
        let name = name.into();
        if name.len() > Self::MAX_BYTES { Err(InvalidTenant { actual: name.len() }) } else { Ok(Self(name)) }
    }

    /// The tenant's name, empty for the default tenant.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
