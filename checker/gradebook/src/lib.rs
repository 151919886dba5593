//! Grades a folder of submissions: from what was handed in to marks, feedback and a view of the class.
//!
//! Each submission is graded by a process of its own, the checker's command for one submission. What it
//! says becomes a line of the ledger; all else is computed from the ledger, again and again.

pub mod policy;

pub mod handed_in;
pub mod unpacking;

pub mod ledger;
pub mod queue;

pub mod mark;
pub mod pages;
pub mod platform;
pub mod table;
