//! `jaeger.storage.v1` as Jaeger's clients see it.

mod archive;
pub(crate) mod common;
mod flushing;
mod reading;
mod searching;
mod sizes;
mod streaming;
mod writing;
