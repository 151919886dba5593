//! From code to a verdict: reads the code, builds it, runs it under scenarios, and keeps the results.
//!
//! It knows no part by name: the command hands over the list of parts. It draws nothing: how a
//! report looks is the affair of `report`.

pub mod course;

pub mod gaps;
pub mod sources;
pub mod stubs;
pub mod tokens;
pub mod unawaited;
pub mod unsimulated;

pub mod building;
pub mod submission;

pub mod part_report;
pub mod progress;
pub mod runner;

pub mod backup;
pub mod runs;
pub mod simulation;
pub mod whole_file;

pub mod dev;
