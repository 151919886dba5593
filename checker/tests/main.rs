//! The checker from outside. All tests are one program, because each program would hold the whole
//! checker: thirteen of them took a gigabyte, and a minute to link.

mod architecture;
mod building;
mod claims;
mod cluster;
mod command_line;
mod course;
mod editors;
mod grade;
mod guard;
mod isolation;
mod machine_output;
mod new_part;
mod page;
mod play;
mod prose;
mod pseudo_terminal;
mod store;
mod training;
mod watch;
