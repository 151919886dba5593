//! Grades the exercises: builds a part, starts real clusters of it, breaks them, and explains.
//!
//! The crate is a library so that its own tests can use it; the command is `main.rs`. It depends
//! on no exercise and no solution: it builds and runs them like any other program.

pub mod manifest;

pub mod cli;
pub mod course;
pub mod grading;
pub mod interrupt;

pub mod building;
pub mod cluster;
pub mod guard;
pub mod ready;
pub mod run_dir;
pub mod runs;
pub mod store;
pub mod submission;
pub mod switchboard;
pub mod trace;

pub mod part1;
pub mod part2;
pub mod part3;
pub mod part4;
pub mod play;
pub mod runner;
pub mod scenario;
pub mod seed;
mod words;

pub mod gaps;
pub mod hints;
pub mod isolation;
pub mod journal;
pub mod overview;
pub mod stubs;
pub mod tokens;

pub mod backup;
pub mod difference;
pub mod updating;

pub mod diagnosis;
pub mod report;
pub mod verdict;

pub mod watch;

pub mod dev;
pub mod doctor;
pub mod trouble;
pub mod whole_file;
