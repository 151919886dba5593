//! kind = "near-miss"
//! problem = 8
//! claim = "nodes that differ in little send little"
//! about = "A node notes by name what it has sent to which node, and does not send that again."

// ── file counters.rs
// ── after
has_learned: bool,
// ── add
sent: std::sync::Mutex<BTreeMap<String, BTreeMap<Code, Usage>>>,
// ── end
// ── replace
if self.views.len() > FEW_LINKS {
    // …
inform(member, self.views.all(), ctx);
// ── with
let mut sent = self.sent.lock().unwrap();
let sent = sent.entry(member.node().to_string()).or_default();
let mut links = self.views.all();
links.retain(|(code, usage)| sent.get(code) != Some(usage));
sent.extend(links.iter().cloned());
inform(member, links, ctx);
// ── end
// ── add
use std::collections::BTreeMap;
// ── end
