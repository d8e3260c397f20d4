//! What `proto/plugin` gives. The clients are for tests only.

#![expect(
    unreachable_pub,
    unused_qualifications,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::clone_on_ref_ptr,
    reason = "generated code: its shape is not ours"
)]

include!("gen/plugin.rs");
