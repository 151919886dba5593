//! A cluster that breaks: real processes under a guard, a network that fails on demand, a store, a
//! record of what happened, and the words for what became of it.
//!
//! It knows no part of the course, and prints nothing. A test of any program that is a node of
//! `runtime` can use it.

pub mod cluster;
pub mod exploration;
pub mod scenario;
pub mod seed;
pub mod words;

pub mod diagnosis;
pub mod hints;
pub mod part;
pub mod trace;
pub mod verdict;

pub mod world;

pub mod network;
pub mod processes;
pub mod simulation;
pub mod switchboard;

pub mod store;

pub mod guard;
pub mod isolation;
pub mod ready;
pub mod run_dir;

pub mod interrupt;
pub mod plain_file;
pub mod screen;
pub mod trouble;
