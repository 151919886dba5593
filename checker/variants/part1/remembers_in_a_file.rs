//! kind = "near-miss"
//! problem = 6
//! claim = "has come to it over the network"
//! about = "The producer writes its count into a file, and goes on from there when it starts again."
//! mistakes = ["shares-a-disk"]

// ── file producer.rs
// ── gap 0: functions of your own
fn notebook(node: &NodeName) -> std::path::PathBuf {
    let own = std::path::PathBuf::from(std::env::var_os("SCRATCH_DIR").unwrap_or_default());
    own.with_file_name(format!("count-{node}"))
}
// ── end 0
// ── gap 1: broadcast
self.count += 1;
let _ = std::fs::write(notebook(ctx.name()), self.count.to_string());
let ping = ConsumerMsg::Ping { from: ctx.name().clone(), count: self.count };
let _ = ctx.abcast(&CONSUMER, ping).await;
reply.send(self.count);
// ── end 1
// ── gap 6: go on counting
let written = std::fs::read_to_string(notebook(ctx.name()));
let count = written.ok().and_then(|count| count.parse().ok()).unwrap_or(count);
// ── end 6
