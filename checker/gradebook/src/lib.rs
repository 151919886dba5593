//! Grades a folder of submissions: from what was handed in to marks, feedback and a view of the class.
//!
//! Each submission is graded by a process of its own, the checker's command for one submission. What it
//! says becomes a line of the ledger; all else is computed from the ledger, again and again.
//!
//! A key says what an attempt was of: a hash of the sources that are taken of a submission, the checker's own
//! program, the seed, the rounds and the isolation. What has attempts under its key is graded; so `--resume`, a
//! second run, and a student who handed in again are one rule. A problem that failed or is inconclusive is
//! graded again after all others, when the machine is less busy; a scenario has failed only if it failed in each
//! attempt.

pub mod policy;

pub mod handed_in;
pub mod unpacking;

pub mod ledger;
pub mod queue;

pub mod mark;
pub mod pages;
pub mod platform;
pub mod table;
