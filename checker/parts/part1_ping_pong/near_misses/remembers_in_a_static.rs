//! kind = "near-miss"
//! problem = 3
//! claim = "recovers"
//! about = "The counts are in a static that survives the crash, so a lost ping stays lost."
//! mistakes = ["asks-nobody-else"]

// ── file consumer.rs
// ── replace
for node in ctx.list().into_iter().chain([ctx.name().clone()]) {
    catch_up(node, ctx);
// ── with
let remembered = MEMORY.lock().unwrap().clone();
for (from, count) in remembered {
    ctx.send_self(ConsumerMsg::Ping { from, count });
// ── end
// ── after
*latest = count.max(*latest);
// ── add
*MEMORY.lock().unwrap() = self.counts.clone();
// ── end
// ── add
use std::sync::Mutex;

static MEMORY: Mutex<BTreeMap<NodeName, u64>> = Mutex::new(BTreeMap::new());
// ── end
