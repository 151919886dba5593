//! kind = "near-miss"
//! problem = 8
//! claim = "a view costs the same"
//! about = "With each view, a node sends all that it knows."

// ── file protocol.rs
// ── after
Want(ProcessId, Vec<u8>),
// ── add
TellAll(runtime::Address<CountersMsg>),
// ── end
// ── file counters.rs
// ── after
CountersMsg::Want(from, parts) => self.wanted(&from, &parts, ctx),
// ── add
CountersMsg::TellAll(member) => inform(&member, self.views.all(), ctx),
// ── end
// ── replace
send(&member, CountersMsg::Merge(code.clone(), news.clone()), ctx);
// ── with
ctx.send_self(CountersMsg::TellAll(member));
// ── end
