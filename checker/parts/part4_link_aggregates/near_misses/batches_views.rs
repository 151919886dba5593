//! kind = "right"
//! about = "A node sends its views every 100 ms, all of a link in one message, and passes on what it gets."

// ── file protocol.rs
// ── after
Want(ProcessId, Vec<u8>),
// ── add
Flush,
// ── end
// ── file counters.rs
// ── after
has_learned: bool,
// ── add
batch: std::collections::BTreeMap<Code, Usage>,
// ── end
// ── after
views.count_in(slot(ctx));
// ── add
ctx.send_every(Duration::from_millis(100), || CountersMsg::Flush);
// ── end
// ── replace
CountersMsg::Share(code, news) => share(&code, &news, ctx),
// ── with
CountersMsg::Share(code, news) => self.batch.entry(code).or_default().merge(&news),
// ── end
// ── after
CountersMsg::Want(from, parts) => self.wanted(&from, &parts, ctx),
// ── add
CountersMsg::Flush => {
    for (code, news) in std::mem::take(&mut self.batch) {
        share(&code, &news, ctx);
    }
}
// ── end
// ── replace
CountersMsg::Merge(code, news) => self.views.merge(code, &news),
// ── with
// A batch that a new connection overtakes may bring what was counted before it.
CountersMsg::Merge(code, news) => self.learn(vec![(code, news)], ctx),
// ── end
