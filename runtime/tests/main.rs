//! The runtime from outside. All tests are one program, because each program would hold the whole
//! runtime.

mod calls;
mod connections;
mod global_names;
mod groups;
mod monitors;
mod remote_tasks;
mod strangers;
mod supervision;
mod tour;
mod world;
