//! kind = "near-miss"
//! problem = 4
//! claim = "lost assignments and results"
//! about = "A worker asks for work once, and gets none if the answer is lost. The manager's node does no task."

// ── file manager.rs
// ── replace
for node in ctx.list().into_iter().chain([ctx.name().clone()]) {
// ── with
for node in ctx.list() {
// ── end
// ── file worker.rs
// ── replace
ctx.send_after(ASK_INTERVAL, WorkerMsg::AskForWork);
// ── with
// ── end
