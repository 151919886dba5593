//! kind = "right"
//! about = "A cache that was started again empties the table, and gets a new one from the others."

// ── file cache.rs
// ── after
ctx.watch_group(&CACHES);
// ── add
for (code, link) in table.links() {
    table.remove(&code, &link);
}
// ── end
