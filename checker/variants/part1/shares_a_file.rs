//! kind = "near-miss"
//! problem = 3
//! also = [4, 5, 6]
//! claim = "has come to it over the network"
//! about = "All state is in files that the nodes share, and a ping that arrives counts nothing."
//! mistakes = ["shares-a-disk"]

// ── file protocol.rs
// ── gap 0: more messages to the consumer
LookUp,
// ── end 0
// ── file producer.rs
// ── gap 1: broadcast
self.count += 1;
crate::consumer::write_down(ctx.name(), self.count);
let ping = ConsumerMsg::Ping { from: ctx.name().clone(), count: self.count };
let _ = ctx.abcast(&CONSUMER, ping).await;
reply.send(self.count);
// ── end 1
// ── gap 6: go on counting
let count = crate::consumer::look_up().get(ctx.name()).copied().unwrap_or(count);
// ── end 6
// ── file consumer.rs
// ── gap 0: functions of your own
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
// ── end 0
// ── gap 0: whatever else is to do at the start
ctx.send_every(std::time::Duration::from_millis(5), || ConsumerMsg::LookUp);
// ── end 0
// ── gap 1: count a ping
let _ = (from, count);
// ── end 1
// ── gap 0: messages of your own
ConsumerMsg::LookUp => self.counts = look_up(),
// ── end 0
