//! kind = "near-miss"
//! problem = 8
//! claim = "who knows nearly everything is told little"
//! about = "Who is met is told what it was not sent before, by a note under the name of its node."
//! mistakes = ["notes-outlive-peer"]

// ── file counters.rs
// ── gap 0: fields of your own
sent: std::sync::Mutex<std::collections::BTreeMap<String, std::collections::BTreeMap<Code, Usage>>>,
// ── end 0
// ── gap 0: first values of your fields
sent: Default::default(),
// ── end 0
// ── gap 8: tell only what differs
let _ = FEW_LINKS;
// ── end 8
// ── gap 6: tell what is known
let mut sent = self.sent.lock().unwrap();
let sent = sent.entry(member.node().to_string()).or_default();
let mut links = self.views.all();
links.retain(|(code, usage)| sent.get(code) != Some(usage));
sent.extend(links.iter().cloned());
give(member, links, ctx);
// ── end 6
