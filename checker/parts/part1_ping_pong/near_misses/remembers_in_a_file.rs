//! kind = "near-miss"
//! problem = 6
//! claim = "has come to it over the network"
//! about = "The producer writes its count into a file, and continues after it when it starts again."

// ── file producer.rs
// ── replace
let nodes: Vec<NodeName> = ctx.list().into_iter().chain([ctx.name().clone()]).collect();
// …
let count = seen.copied().max().unwrap_or(count);
// ── with
let written = std::fs::read_to_string(notebook(ctx.name()));
let count = written.ok().and_then(|count| count.parse().ok()).unwrap_or(count);
// ── end
// ── after
self.count += 1;
// ── add
let _ = std::fs::write(notebook(ctx.name()), self.count.to_string());
// ── end
// ── add
fn notebook(node: &NodeName) -> std::path::PathBuf {
    let own = std::path::PathBuf::from(std::env::var_os("SCRATCH_DIR").unwrap_or_default());
    own.with_file_name(format!("count-{node}"))
}
// ── end
