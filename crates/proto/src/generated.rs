//! Module tree over the generated files, one per protobuf package. Messages name each other by relative
//! paths, so the nesting must be that of the packages.

#![expect(
    missing_docs,
    reason = "generated code: messages and fields that speak for themselves have no comment"
)]
#![cfg_attr(
    feature = "grpc",
    expect(
        unused_qualifications,
        clippy::allow_attributes,
        clippy::allow_attributes_without_reason,
        clippy::clone_on_ref_ptr,
        clippy::missing_errors_doc,
        clippy::too_many_lines,
        reason = "generated code: the shape of its services and clients is not ours"
    )
)]

/// Every file of `proto/` and what it imports as an encoded `FileDescriptorSet`, for server reflection.
#[cfg(feature = "grpc")]
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("gen/descriptors.bin");

/// OTLP: what SDKs and collectors send.
pub mod opentelemetry {
    pub mod proto {
        pub mod common {
            pub mod v1 {
                include!("gen/opentelemetry.proto.common.v1.rs");
            }
        }
        pub mod resource {
            pub mod v1 {
                include!("gen/opentelemetry.proto.resource.v1.rs");
            }
        }
        pub mod trace {
            pub mod v1 {
                include!("gen/opentelemetry.proto.trace.v1.rs");
            }
        }
        pub mod collector {
            pub mod trace {
                pub mod v1 {
                    include!("gen/opentelemetry.proto.collector.trace.v1.rs");
                }
            }
        }
    }
}

/// Jaeger: what its query service and collector ask of a storage backend.
pub mod jaeger {
    pub mod api_v2 {
        include!("gen/jaeger.api_v2.rs");
    }
    pub mod expression {
        pub mod v1 {
            include!("gen/jaeger.expression.v1.rs");
        }
    }
    pub mod storage {
        pub mod v1 {
            include!("gen/jaeger.storage.v1.rs");
        }
        pub mod v2 {
            include!("gen/jaeger.storage.v2.rs");
        }
    }
}
