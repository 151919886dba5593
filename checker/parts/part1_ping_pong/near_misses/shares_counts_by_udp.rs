//! kind = "near-miss"
//! problem = 3
//! claim = "withhold"
//! about = "Each node sends its count to the others by UDP, and a thread that outlives the consumer keeps what comes."
//! processes_only = "It starts threads and opens sockets, which a simulation does not have."

// ── file consumer.rs
// ── replace
for node in ctx.list().into_iter().chain([ctx.name().clone()]) {
    catch_up(node, ctx);
// ── with
crate::gossip::listen(ctx.name());
ctx.send_every(std::time::Duration::from_millis(5), || ConsumerMsg::Compare);
{
// ── end
// ── after
ConsumerMsg::TotalPings(reply) => reply.send(self.counts.values().sum()),
// ── add
ConsumerMsg::Compare => {
    for (node, count) in crate::gossip::received() {
        let latest = self.counts.entry(node).or_default();
        *latest = count.max(*latest);
    }
}
// ── end
// ── file producer.rs
// ── after
self.count += 1;
// ── add
crate::gossip::send(ctx.name(), self.count);
// ── end
// ── file protocol.rs
// ── after
TotalPings(Reply<u64>),
// ── add
Compare,
// ── end
// ── file lib.rs
// ── after
pub mod consumer;
// ── add
/// Counts that go past the cluster's network.
pub mod gossip {
    use std::collections::BTreeMap;
    use std::hash::{DefaultHasher, Hash, Hasher};
    use std::net::UdpSocket;
    use std::sync::{Mutex, Once};

    use runtime::NodeName;

    static RECEIVED: Mutex<BTreeMap<NodeName, u64>> = Mutex::new(BTreeMap::new());
    static LISTENING: Once = Once::new();

    /// A port that only nodes of the same cluster work out.
    fn port(name: &str) -> u16 {
        let scratch = std::env::var_os("SCRATCH_DIR").unwrap_or_default();
        let mut hasher = DefaultHasher::new();
        std::path::Path::new(&scratch).parent().hash(&mut hasher);
        let number = name.split('@').next().and_then(|name| name[1..].parse().ok()).unwrap_or(0);
        10_000 + (hasher.finish() % 2_000) as u16 * 10 + number
    }

    /// Keeps what comes, in a thread that no crash of a server ends.
    pub fn listen(me: &NodeName) {
        let me = port(me.as_str());
        LISTENING.call_once(|| {
            std::thread::spawn(move || {
                let socket = UdpSocket::bind(("127.0.0.1", me)).expect("the port is free");
                let mut buffer = [0; 256];
                while let Ok(length) = socket.recv(&mut buffer) {
                    let said = String::from_utf8_lossy(&buffer[..length]).into_owned();
                    if let Some((node, count)) = said.split_once(' ') {
                        let (node, count) = (node.parse().expect("a name"), count.parse().expect("a count"));
                        let mut received = RECEIVED.lock().unwrap();
                        let latest = received.entry(node).or_insert(0);
                        *latest = (*latest).max(count);
                    }
                }
            });
        });
    }

    /// Tells every node a count.
    pub fn send(me: &NodeName, count: u64) {
        if let Ok(socket) = UdpSocket::bind(("127.0.0.1", 0)) {
            for number in 1..10 {
                let to = ("127.0.0.1", port(&format!("n{number}")));
                let _ = socket.send_to(format!("{me} {count}").as_bytes(), to);
            }
        }
    }

    /// What has come so far.
    pub fn received() -> BTreeMap<NodeName, u64> {
        RECEIVED.lock().unwrap().clone()
    }
}
// ── end
