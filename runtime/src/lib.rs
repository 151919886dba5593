//! stub
#![allow(missing_docs, dead_code)]
pub mod name;
pub mod net;
pub mod process_id;
pub mod wire;
pub use name::NodeName;
pub use process_id::{ExitReason, ProcessId};
