//! kind = "near-miss"
//! problem = 3
//! also = [4, 5]
//! claim = "learns about another node only over the network"
//! about = "The nodes share their counts in files, and a ping that arrives counts nothing."

// ── file consumer.rs
// ── after
    catch_up(node, ctx);
}
// ── add
ctx.send_every(std::time::Duration::from_millis(5), || ConsumerMsg::LookUp);
// ── end
// ── replace
let latest = self.counts.entry(from).or_default();
*latest = count.max(*latest);
// ── with
// ── end
// ── after
ConsumerMsg::TotalPings(reply) => reply.send(self.counts.values().sum()),
// ── add
ConsumerMsg::LookUp => self.counts = look_up(),
// ── end
// ── add
/// Where all nodes of a cluster write: their own folders lie side by side.
fn notebook() -> std::path::PathBuf {
    let own = std::path::PathBuf::from(std::env::var_os("SCRATCH_DIR").unwrap_or_default());
    own.with_file_name("pings")
}
pub(crate) fn write_down(node: &NodeName, count: u64) {
    let _ = std::fs::create_dir_all(notebook());
    let _ = std::fs::write(notebook().join(node.as_str()), count.to_string());
}
pub(crate) fn look_up() -> BTreeMap<NodeName, u64> {
    let files = std::fs::read_dir(notebook()).into_iter().flatten().flatten();
    files
        .filter_map(|file| {
            let node = file.file_name().to_str()?.parse().ok()?;
            let count = std::fs::read_to_string(file.path()).ok()?.parse().ok()?;
            Some((node, count))
        })
        .collect()
}
// ── end
// ── file producer.rs
// ── replace
let nodes: Vec<NodeName> = ctx.list().into_iter().chain([ctx.name().clone()]).collect();
// …
let count = seen.copied().max().unwrap_or(count);
// ── with
let count = crate::consumer::look_up().get(ctx.name()).copied().unwrap_or(count);
// ── end
// ── after
self.count += 1;
// ── add
crate::consumer::write_down(ctx.name(), self.count);
// ── end
// ── file protocol.rs
// ── after
TotalPings(Reply<u64>),
// ── add
LookUp,
// ── end
