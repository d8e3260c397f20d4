//! The tables: what applications there are, and what their spans say.

pub(crate) mod batch;
mod exceptions;
mod grpc;
mod http;
pub(crate) mod resource;
mod runtimes;
pub(crate) mod shop;
pub(crate) mod small;
pub(crate) mod teams;
pub(crate) mod vocabulary;
