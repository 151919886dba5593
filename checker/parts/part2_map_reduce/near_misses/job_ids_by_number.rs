//! kind = "near-miss"
//! problem = 4
//! claim = "job ids never repeat"
//! about = "A job's id is its node and the number of jobs so far, which starts again with the node."

// ── file manager.rs
// ── replace
let me = ctx.id();
let start = format!("{}-{:x}-{}", me.node.short(), me.creation, me.serial);
let id = JobId(format!("{start}.{}", self.jobs.len() + 1));
// ── with
let id = JobId(format!("{}.{}", ctx.name(), self.jobs.len() + 1));
// ── end
