//! kind = "near-miss"
//! problem = 6
//! claim = "learns about another node only over the network"
//! about = "The consumers write each count into a file, and the restarted producer reads its own there."

// ── file consumer.rs
// ── replace
let latest = self.counts.entry(from).or_default();
*latest = count.max(*latest);
// ── with
let latest = self.counts.entry(from.clone()).or_default();
*latest = count.max(*latest);
let _ = std::fs::write(notebook(&from), latest.to_string());
// ── end
// ── add
pub(crate) fn notebook(node: &NodeName) -> std::path::PathBuf {
    let own = std::path::PathBuf::from(std::env::var_os("SCRATCH_DIR").unwrap_or_default());
    own.with_file_name(format!("count-{node}"))
}
// ── end
// ── file producer.rs
// ── replace
let nodes: Vec<NodeName> = ctx.list().into_iter().chain([ctx.name().clone()]).collect();
// …
let count = seen.copied().max().unwrap_or(count);
// ── with
let written = std::fs::read_to_string(crate::consumer::notebook(ctx.name()));
let count = written.ok().and_then(|count| count.parse().ok()).unwrap_or(count);
// ── end
