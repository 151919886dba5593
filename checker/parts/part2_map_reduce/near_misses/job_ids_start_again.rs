//! kind = "near-miss"
//! problem = 4
//! claim = "job ids never repeat"
//! about = "Job ids are numbers, which start again after a crash."

// ── file manager.rs
// ── after
distrusted: BTreeSet<NodeName>,
// ── add
last_job: u64,
// ── end
// ── replace
let me = ctx.id();
let start = format!("{}-{:x}-{}", me.node.short(), me.creation, me.serial);
let id = JobId(format!("{start}.{}", self.jobs.len() + 1));
// ── with
self.last_job += 1;
let id = JobId(format!("{}.{}", ctx.name(), self.last_job));
// ── end
