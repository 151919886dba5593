//! The parts of the course. The list is that of the dependencies in Cargo.toml.

use std::sync::LazyLock;

use testkit::part::Part;

/// The parts that exist, in the order of the course.
pub static PARTS: LazyLock<Vec<Part>> =
    LazyLock::new(|| include!(concat!(env!("OUT_DIR"), "/parts.rs")));
