//! kind = "near-miss"
//! problem = 3
//! claim = "regains"
//! about = "The counts live in a static that survives the crash, and a ping that was lost is never made up for."
//! mistakes = ["remembers-instead-of-asking"]

// ── file consumer.rs
// ── imports
use std::sync::Mutex;
// ── end imports
// ── gap 0: functions of your own
static MEMORY: Mutex<BTreeMap<NodeName, u64>> = Mutex::new(BTreeMap::new());
// ── end 0
// ── gap 3: catch up after a crash
let remembered = MEMORY.lock().unwrap().clone();
for (from, count) in remembered {
    ctx.send_self(ConsumerMsg::Ping { from, count });
}
// ── end 3
// ── gap 1: count a ping
let latest = self.counts.entry(from).or_default();
*latest = count.max(*latest);
*MEMORY.lock().unwrap() = self.counts.clone();
// ── end 1
