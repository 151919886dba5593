//! kind = "near-miss"
//! problem = 4
//! claim = "job ids never repeat"
//! about = "A job's id is made of its output folder, in which there is only one result."

// ── file manager.rs
// ── replace
let id = JobId(format!("{start}.{}", self.jobs.len() + 1));
// ── with
let id = JobId(format!("{}.{}", me.node.short(), spec.output.display()));
// ── end
// ── replace
let start = format!("{}-{:x}-{}", me.node.short(), me.creation, me.serial);
// ── with
// ── end
