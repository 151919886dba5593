//! kind = "near-miss"
//! problem = 4
//! also = [5]
//! claim = "learns about another node only over the network"
//! about = "Five times a second, each node reads the counts that all nodes have written into a folder; it asks no node."

// ── file protocol.rs
// ── after
TotalPings(Reply<u64>),
// ── add
Compare,
// ── end
// ── file consumer.rs
// ── replace
ctx.watch_nodes();
// ── with
ctx.send_every(std::time::Duration::from_millis(200), || ConsumerMsg::Compare);
// ── end
// ── replace
Info::NodeUp(node) => catch_up(node, ctx),
// ── with
// ── end
// ── after
ConsumerMsg::TotalPings(reply) => reply.send(self.counts.values().sum()),
// ── add
ConsumerMsg::Compare => compare(ctx.name(), &mut self.counts),
// ── end
// ── add
fn compare(me: &NodeName, counts: &mut BTreeMap<NodeName, u64>) {
    // The nodes' own folders lie side by side.
    let own = std::path::PathBuf::from(std::env::var_os("SCRATCH_DIR").unwrap_or_default());
    let folder = own.with_file_name("pings");
    let _ = std::fs::create_dir_all(&folder);
    let _ = std::fs::write(folder.join(me.as_str()), runtime::wire::encode(counts).unwrap_or_default());
    for file in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
        let bytes = std::fs::read(file.path()).unwrap_or_default();
        for (node, count) in runtime::wire::decode::<BTreeMap<NodeName, u64>>(&bytes).unwrap_or_default() {
            let latest = counts.entry(node).or_default();
            *latest = count.max(*latest);
        }
    }
}
// ── end
