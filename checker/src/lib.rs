//! Grades the exercises: builds a part, starts real clusters of it, breaks them, and explains.
//!
//! The crate is a library so that its own tests can use it; the command is `main.rs`. It depends
//! on no exercise and no solution: it builds and runs them like any other program.

pub mod manifest;

pub mod cli;
pub mod grading;

pub mod play;

pub mod journal;
pub mod overview;

pub mod difference;
pub mod updating;

pub mod watch;

pub mod doctor;
