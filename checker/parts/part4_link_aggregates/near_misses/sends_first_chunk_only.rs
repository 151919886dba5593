//! kind = "near-miss"
//! problem = 8
//! claim = "nodes that differ in little send little"
//! about = "A node sends only the first thousand of the links that another lacks."

// ── file counters.rs
// ── replace
for some in links.chunks(MAX_LINKS) {
// ── with
if let Some(some) = links.chunks(MAX_LINKS).next() {
// ── end
