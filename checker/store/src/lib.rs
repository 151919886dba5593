//! The store of a cluster under test: a small stand-in for Redis, and the way to it, which breaks.
//!
//! Two parts of the course keep their state in Redis. Nobody should have to install it to begin,
//! so [`Embedded`] speaks enough of its protocol to take its place; the conformance tests hold the
//! two to the same answers. And a course on failures needs a store that fails: each node reaches
//! the store through a [`Proxy`] of its own, which refuses, stalls or delays on request, and which
//! writes down in a [`Log`] what the node asked for.
//!
//! Nothing in here knows of nodes, exercises or grading.

mod commands;
mod embedded;
mod log;
mod proxy;
mod request;
mod simulated;

pub use embedded::{COMPARE_AND_DELETE, COMPARE_AND_SET, Embedded};
pub use log::{Command, Log};
pub use proxy::{Mode, Proxy};
pub use simulated::Simulated;
