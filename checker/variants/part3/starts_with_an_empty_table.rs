//! kind = "right"
//! about = "A cache that was started again distrusts its table, and gets a new one from the others."

// ── file cache.rs
// ── gap 0: whatever else is to do at the start
for (code, link) in table.links() {
    table.remove(&code, &link);
}
// ── end 0
