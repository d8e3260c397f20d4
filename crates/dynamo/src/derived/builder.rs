//! From the records of a closed window to its derived items: a first pass over the log counts, so that a second one
//! knows how to cut and needs bounded memory.

mod distinct;
mod item;
mod part;
mod plan;
mod survey;
#[cfg(test)]
mod tests;
mod window;

pub(crate) use item::DerivedItem;
pub(crate) use plan::{PART_BYTES, Plan};
pub(crate) use survey::Survey;
pub(crate) use window::WindowBuilder;
