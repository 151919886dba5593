//! What a run was, as people and programs read it.
//!
//! A report is made from data alone: the [`PartReport`](grader::part_report::PartReport) of a run, and
//! the traces that it left. No cluster has to live for it.

pub mod causes;
pub mod counterexample;

pub mod hyperlink;
pub mod page;
pub mod progress;
pub mod terminal;
pub mod words;
pub mod world;

pub mod json;
pub mod junit;
pub mod stream;

pub mod markdown;
