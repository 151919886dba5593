//! kind = "near-miss"
//! problem = 4
//! claim = "a late node whose peers are silent"
//! about = "Look-ups wait for the table of a node that is up, however long it takes."
//! mistakes = ["waits-for-tables-without-a-limit"]

// ── file cache.rs
// ── replace
ctx.send_after(WAIT_FOR_TABLE, CacheMsg::GoOn(node.clone()));
// ── with
// ── end
