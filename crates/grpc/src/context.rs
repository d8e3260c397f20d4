//! On whose behalf a request comes.

use std::fmt;

use jaeger_dynamodb_core::Tenant;
use tonic::Status;
use tonic::metadata::MetadataMap;

/// Jaeger's usual header (`pkg/tenancy/flags.go`).
const TENANT: &str = "x-tenant";

/// Where Jaeger passes on the token of whoever asks it, without a scheme (`storage/token_propagation.go`).
const BEARER_TOKEN: &str = "bearer.token";

/// <https://www.w3.org/TR/trace-context/#traceparent-header>
const TRACE_PARENT: &str = "traceparent";

/// What the metadata of a request says about who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestContext {
    /// Whose traces are meant.
    pub tenant: Tenant,
    /// The token of the person who asks Jaeger, if Jaeger passes tokens on.
    pub bearer_token: Option<BearerToken>,
    /// The span of the caller that the request belongs to.
    pub trace_parent: Option<TraceParent>,
}

/// A secret, which is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct BearerToken(String);

/// A `traceparent` of W3C's Trace Context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    /// The trace, not zero.
    pub trace_id: [u8; 16],
    /// The calling span, not zero.
    pub parent_id: [u8; 8],
    /// The flags; the lowest bit says that the trace is sampled.
    pub flags: u8,
}

// === impl RequestContext ===

impl RequestContext {
    /// The context of a request. A request that names a tenant is refused rather than served from the traces of all;
    /// a `traceparent` that is none is ignored, as W3C demands.
    ///
    /// # Errors
    /// PERMISSION_DENIED if the request names a tenant.
    pub fn of(metadata: &MetadataMap) -> Result<Self, Status> {
        if metadata.get_all(TENANT).iter().any(|name| !name.is_empty()) {
            return Err(Status::permission_denied("the request names a tenant, but tenancy is not enabled"));
        }
        let text = |key: &str| metadata.get(key).and_then(|value| value.to_str().ok());
        Ok(Self {
            tenant: Tenant::default(),
            bearer_token: text(BEARER_TOKEN).map(|token| BearerToken(token.to_owned())),
            trace_parent: text(TRACE_PARENT).and_then(TraceParent::parse),
        })
    }
}

// === impl BearerToken ===

impl BearerToken {
    /// The token itself.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("BearerToken(…)")
    }
}

// === impl TraceParent ===

impl TraceParent {
    /// Version 00, and what later versions begin with.
    fn parse(text: &str) -> Option<Self> {
        let mut fields = text.split('-');
        let version: [u8; 1] = hex(fields.next()?)?;
        let (trace_id, parent_id, [flags]) =
            (hex(fields.next()?)?, hex(fields.next()?)?, hex(fields.next()?)?);
        let ends_well = match version {
            [0] => fields.next().is_none(),
            [255] => false,
            _ => true,
        };
        (ends_well && trace_id != [0; 16] && parent_id != [0; 8]).then_some(Self {
            trace_id,
            parent_id,
            flags,
        })
    }
}

/// Lower-case digits only, as the header has them.
fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() != 2 * N || !text.bytes().all(is_digit) {
        return None;
    }
    let mut bytes = [0; N];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn of(pairs: &[(&'static str, &'static str)]) -> Result<RequestContext, Status> {
        let mut metadata = MetadataMap::new();
        for (key, value) in pairs {
            metadata.append(*key, value.parse().unwrap());
        }
        RequestContext::of(&metadata)
    }

    #[test]
    fn what_jaeger_passes_on_becomes_typed() {
        let context = of(&[("bearer.token", "s3cret"), ("traceparent", PARENT), ("x-tenant", "")]).unwrap();
        assert_eq!(context.bearer_token.as_ref().unwrap().secret(), "s3cret");
        assert!(!format!("{context:?}").contains("s3cret"));
        let parent = context.trace_parent.unwrap();
        assert_eq!((parent.trace_id[0], parent.parent_id[7], parent.flags), (0x4b, 0xb7, 1));
        assert_eq!(context.tenant, Tenant::default());
        assert_eq!(of(&[]).unwrap().bearer_token, None);
    }

    #[test]
    fn a_request_that_names_a_tenant_is_refused() {
        let refused = of(&[("x-tenant", ""), ("x-tenant", "acme")]).unwrap_err();
        assert_eq!(refused.code(), tonic::Code::PermissionDenied);
    }

    #[test]
    fn a_trace_parent_that_is_none_is_ignored() {
        let zeros = "00-00000000000000000000000000000000-00f067aa0ba902b7-01";
        let upper = "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01";
        let longer = [PARENT, "-more"].concat();
        for text in ["", "00", "nonsense", "ff-x", zeros, upper, &longer, &PARENT[..54]] {
            assert_eq!(TraceParent::parse(text), None, "{text}");
        }
        assert!(TraceParent::parse(&longer.replacen("00-", "01-", 1)).is_some());
    }
}
