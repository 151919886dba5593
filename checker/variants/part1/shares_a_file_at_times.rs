//! kind = "near-miss"
//! problem = 4
//! also = [5]
//! claim = "has come to it over the network"
//! about = "When a link comes up nobody is asked: five times a second, each node reads what all have written into a folder."
//! mistakes = ["shares-a-disk"]

// ── file protocol.rs
// ── gap 0: more messages to the consumer
Compare,
// ── end 0
// ── file consumer.rs
// ── gap 4: hear of new links
// ── end 4
// ── gap 4: meet a node
// ── end 4
// ── gap 0: whatever else is to do at the start
ctx.send_every(std::time::Duration::from_millis(200), || ConsumerMsg::Compare);
// ── end 0
// ── gap 0: messages of your own
ConsumerMsg::Compare => compare(ctx.name(), &mut self.counts),
// ── end 0
// ── gap 0: functions of your own
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
// ── end 0
